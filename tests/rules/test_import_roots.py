"""Where absolute imports start, in a repository that holds more than one package."""

from __future__ import annotations

import pytest

from arckode_analyzers.facts.reading import facts_of, read_facts
from arckode_analyzers.model.roots import import_roots
from tests.rules.projects import places

MODEL = "from django.db import models\n\nclass Row(models.Model):\n    name = models.CharField()\n"
TASK = "from rows.models import Row\n\ndef names(keys):\n    return [Row.objects.get(pk=key) for key in keys]\n"
CASES = {
    "a folder whose package is imported by its bare name": (
        {"backend/app/__init__.py": "", "backend/app/main.py": "from app import db\n"},
        ("backend",),
    ),
    "the folder's own name is imported": (
        {"backend/app/__init__.py": "", "backend/app/main.py": "from backend.app import db\nimport app\n"},
        (),
    ),
    "and a module of it by name": (
        {"backend/app/__init__.py": "", "backend/wsgi.py": "", "run.py": "import app\nfrom backend import wsgi\n"},
        (),
    ),
    "a package in it has the folder's name": (
        {"api/api/__init__.py": "", "api/api/urls.py": "", "api/rows/__init__.py": "import api\nfrom api import urls\n"}
        | {"api/manage.py": "import rows\n"},
        ("api",),
    ),
    "two folders hold it": (
        {"a/app/__init__.py": "", "b/app/__init__.py": "", "run.py": "import app\n"},
        (),
    ),
    "nobody imports it": ({"backend/app/__init__.py": "", "backend/app/main.py": "from . import db\n"}, ()),
}


@pytest.mark.parametrize(("files", "expected"), [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_imports_tell_where_they_start(files: dict[str, str], expected: tuple[str, ...]) -> None:
    read = read_facts({path: text.encode() for path, text in files.items()}, sorted(files), lambda _text, path: path)
    assert import_roots({path: facts_of(packed) for path, (_, packed, _) in read.items()}, ("",)) == expected


def test_a_query_is_found_where_a_package_has_the_name_of_the_folder_it_is_in() -> None:
    files = {"api/api/__init__.py": "", "api/rows/__init__.py": "import api\n", "api/rows/models.py": MODEL}
    assert places({**files, "api/rows/tasks.py": TASK}, "ARC201") == [("api/rows/tasks.py", 4, "ARC201")]
