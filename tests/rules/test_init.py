"""`analyze --init`: a layout is read from what files do, shown with its reasons, written only where nobody wrote."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import places
from arckode_analyzers.config import load
from arckode_gen.commands import undo
from arckode_gen.engine.edits_analysis import configure
from arckode_gen.errors import RefusedError, UsageError
from tests.rules.projects import plant
from tests.rules.test_commands import Terminal

if TYPE_CHECKING:
    from pathlib import Path

BASE = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n"
MODEL = 'from shop.db import Base\nclass {0}(Base):\n    __tablename__ = "{1}"\n'
STORE = (
    "from sqlalchemy import select\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"
    "async def rows(session: AsyncSession):\n    return await session.scalars(select(1))\n"
)
WORK = "from shop.{0}.{1} import rows\nasync def work(session):\n    return await rows(session)\n"
WEB = (
    "from fastapi import APIRouter\nfrom shop.{0}.{1} import work\nrouter = APIRouter()\n"
    '@router.get("/{0}")\nasync def read(session):\n    return await work(session)\n'
)
DATA = "from pydantic import BaseModel\nclass {0}(BaseModel):\n    id: int\n"
PARTS = ("orders", "notes", "users", "items")
DISGUISED = {
    "pyproject.toml": "[project]\nname = 'x'\n",
    "server/shop/db.py": BASE,
    **{f"server/shop/{part}/shapes.py": MODEL.format(part.title(), part) for part in PARTS},
    **{f"server/shop/{part}/vault.py": STORE for part in PARTS},
    **{f"server/shop/{part}/brain.py": WORK.format(part, "vault") for part in PARTS},
    **{f"server/shop/{part}/doors.py": WEB.format(part, "brain") for part in PARTS},
    **{f"server/shop/{part}/words.py": DATA.format(part.title()) for part in PARTS},
    "server/shop/controller.py": "# routes, models and services are elsewhere\n",
    "server/changes/1.py": "from alembic import op\ndef upgrade():\n    op.drop_table('x')\n",
    "server/changes/2.py": "from alembic import op\ndef upgrade():\n    op.drop_table('x')\n",
}
PROPOSED = {
    "preset": "fastapi",
    "source": "server",
    "layers": {
        "controllers": ["**/doors.py"],
        "migrations": ["server/changes/**"],
        "models": ["**/shapes.py"],
        "repositories": ["**/vault.py"],
        "schemas": ["**/words.py"],
        "services": ["**/brain.py"],
    },
}
LITESTAR = {
    "pyproject.toml": "",
    "app/a.py": "from litestar import Controller, get\nclass A(Controller):\n    @get()\n    async def a(self): ...\n",
    "app/c.py": "",
    "app/d.py": "",
    "app/b.py": "from litestar import post\n@post('/b')\nasync def b(): ...\n",
}
DJANGO = {
    "pyproject.toml": "",
    "blog/urls.py": "from django.urls import path\nfrom blog import pages\nurlpatterns = [path('', pages.index)]\n",
    "blog/pages.py": "def index(request): ...\n",
    "blog/api.py": "from rest_framework.views import APIView\nclass A(APIView): ...\n",
    "blog/rows.py": "from django.db import models\nclass Post(models.Model): ...\n",
    "blog/shapes.py": "from rest_framework import serializers\nclass S(serializers.Serializer): ...\n",
    "blog/migrations/0001.py": "from django.db import migrations\nclass Migration(migrations.Migration): ...\n",
}


def proposed(root: Path) -> dict[str, object]:
    terminal = Terminal(root)
    assert terminal.analyze(init=True, json=True) == 0
    document = json.loads(terminal.written[0])
    tool: dict[str, dict[str, dict[str, object]]] = tomllib.loads(document["toml"])
    return tool["tool"]["arckode"]


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        pytest.param(DISGUISED, PROPOSED, id="every file under a name that says nothing"),
        pytest.param(
            LITESTAR, {"preset": "litestar", "layers": {"controllers": ["app/a.py", "app/b.py"]}}, id="litestar"
        ),
        pytest.param(
            DJANGO,
            {
                "preset": "django",
                "layers": {
                    "controllers": ["blog/api.py", "blog/pages.py"],
                    "migrations": ["blog/migrations/**"],
                    "models": ["blog/rows.py"],
                    "schemas": ["blog/shapes.py"],
                },
            },
            id="django",
        ),
    ],
)
def test_layers_are_found_by_what_files_do(tmp_path: Path, files: dict[str, str], wanted: dict[str, object]) -> None:
    found = proposed(plant(tmp_path, files))
    found.pop("source", None) if "source" not in wanted else None
    assert found == wanted


def test_it_says_what_each_layer_matches_and_why(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, DISGUISED))
    terminal.analyze(init=True)
    text = terminal.written[0]
    assert text.startswith("fastapi and sqlalchemy: 24 files\n")
    assert "controllers: 4 files that declare routes\n  **/doors.py  4\n" in text
    assert "# pyproject.toml\n[tool.arckode]\n" in text
    assert terminal.said == ["write it with `arckode analyze --init --write`"]
    assert not (tmp_path / ".arckode").exists()


def test_what_is_written_is_what_the_analysis_reads_and_can_be_undone(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, DISGUISED))
    before = (tmp_path / "pyproject.toml").read_bytes()
    assert terminal.analyze(init=True, write=True) == 0
    assert "add /.arckode/history/ and /.arckode/lock to .gitignore" in terminal.written[0]
    config = load(tmp_path)
    assert (config.preset, config.sources) == ("fastapi", ("server", ""))
    assert config.layers["services"] == ("**/brain.py",)
    assert terminal.analyze(strict=True) in {0, 1}
    assert not any("no layers are configured" in line for line in terminal.said)
    assert undo.run(terminal.call(undo.SPEC)) == 0
    assert (tmp_path / "pyproject.toml").read_bytes() == before


def test_a_second_writing_is_refused_and_says_what_it_would_have_written(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, DISGUISED))
    terminal.analyze(init=True, write=True)
    before = (tmp_path / "pyproject.toml").read_bytes()
    with pytest.raises(RefusedError) as caught:
        terminal.analyze(init=True, write=True)
    assert caught.value.message == "pyproject.toml has its own [tool.arckode] layers"
    assert 'services = ["**/brain.py"]' in caught.value.hint
    assert (tmp_path / "pyproject.toml").read_bytes() == before


def test_the_backend_of_a_monorepo_is_configured_in_its_own_folder(tmp_path: Path) -> None:
    files = {f"backend/{path}": text for path, text in DISGUISED.items()}
    terminal = Terminal(plant(tmp_path, {**files, "pyproject.toml": "", "tools/release.py": "print(1)\n"}))
    terminal.analyze(init=True, write=True)
    assert terminal.said[0].startswith("the backend is in backend/, which has its own pyproject.toml")
    assert any(
        "run `arckode analyze` in backend/, where this configuration counts" in text for text in terminal.written
    )
    assert load(tmp_path / "backend").preset == "fastapi"
    assert (tmp_path / "pyproject.toml").read_text() == ""


def test_our_own_layout_needs_nothing(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, {"pyproject.toml": "", "src/shop/composition_root.py": ""}))
    assert terminal.analyze(init=True) == 0
    assert terminal.written == ["this is arckode's own layout: there is nothing to configure"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"pyproject.toml": ""}, "there is no Python file in", id="no code"),
        pytest.param({"a.py": "x = 1\n"}, "none of 1 files declares routes, stores models", id="no backend"),
        pytest.param({"a.py": "", "pyproject.toml": "["}, "pyproject.toml cannot be read", id="no TOML"),
    ],
)
def test_where_nothing_can_be_proposed(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Terminal(plant(tmp_path, files)).analyze(init=True)


SETTINGS, TABLE = ['preset = "fastapi"'], ["[tool.arckode.layers]", 'models = ["m.py"]']
ALL = '[tool.arckode]\npreset = "fastapi"\n\n[tool.arckode.layers]\nmodels = ["m.py"]\n'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("", ALL, id="an empty file"),
        pytest.param("[project]\nname = 'x'\n", f"[project]\nname = 'x'\n\n{ALL}", id="after what is there"),
        pytest.param("[project]\nname = 'x'", f"[project]\nname = 'x'\n\n{ALL}", id="without a last line end"),
        pytest.param(
            "[tool.arckode] # ours\nmigrations = 'm'\n\n[tool.x]\na = 1\n",
            "[tool.arckode] # ours\npreset = \"fastapi\"\nmigrations = 'm'\n\n[tool.x]\na = 1\n\n"
            '[tool.arckode.layers]\nmodels = ["m.py"]\n',
            id="beside other keys of ours",
        ),
        pytest.param("[a]\r\nb = 1\r\n", "[a]\r\nb = 1\r\n\r\n" + ALL.replace("\n", "\r\n"), id="Windows line ends"),
    ],
)
def test_the_file_gains_lines_and_loses_none(text: str, wanted: str) -> None:
    assert configure(text, SETTINGS, TABLE) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('[tool.arckode]\npreset = "django"\n', "has its own [tool.arckode] preset", id="a preset"),
        pytest.param("[tool.arckode.layers]\nseeds = 's'\n", "has its own [tool.arckode] layers", id="layers"),
        pytest.param("[tool]\narckode.source = 'x'\n", "cannot be read", id="dotted keys that the table would repeat"),
        pytest.param("[", "pyproject.toml cannot be read", id="no TOML"),
    ],
)
def test_what_a_person_wrote_is_never_overwritten(text: str, message: str) -> None:
    with pytest.raises(RefusedError) as caught:
        configure(text, SETTINGS, TABLE)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("wanted", "others", "patterns"),
    [
        pytest.param(("a/x.py", "b/x.py", "c/x.py"), ("a/y.py",), ["**/x.py"], id="by name"),
        pytest.param(("r/a.py", "r/b.py", "r/c.py"), ("x/a.py",), ["r/**"], id="by folder"),
        pytest.param(("r/a.py", "r/b.py", "r/c.py"), ("r/d.py",), ["r/**"], id="nearly all of a folder"),
        pytest.param(
            ("m/a_x.py", "m/b_x.py", "m/c_x.py"), ("m/d.py", "m/e.py", "m/f.py"), ["**/*_x.py"], id="by ending"
        ),
        pytest.param(("a.py",), ("b.py",), ["a.py"], id="one file"),
        pytest.param((), ("b.py",), [], id="none"),
    ],
)
def test_the_fewest_patterns_that_fit(wanted: tuple[str, ...], others: tuple[str, ...], patterns: list[str]) -> None:
    found = places.find(dict.fromkeys(wanted, 1), (*wanted, *others))
    assert [place.pattern for place in found.places] == patterns


def test_a_rule_that_half_of_a_layer_breaks_is_left_out_and_why_is_said(tmp_path: Path) -> None:
    direct = (
        "from fastapi import APIRouter\nfrom sqlalchemy import select\nfrom sqlalchemy.orm import Session\n"
        'router = APIRouter()\n@router.get("/{0}")\ndef read(session: Session):\n'
        "    return session.scalars(select(1)).all()\n"
    )
    files = {path: text for path, text in DISGUISED.items() if "doors" not in path}
    files |= {f"server/shop/{part}/doors.py": direct.format(part) for part in PARTS}
    terminal = Terminal(plant(tmp_path, files))
    assert terminal.analyze(init=True) == 0
    assert "left out: ARC101, because 4 of 4 controllers use the ORM themselves" in terminal.written[0]
    assert 'ignore = ["ARC101"]  # 4 of 4 controllers use the ORM themselves\n' in terminal.written[0]
    assert terminal.analyze(init=True, write=True) == 0
    chosen = load(tmp_path).selection
    assert chosen is not None
    assert not chosen.runs("ARC101")


def test_files_that_are_tests_by_what_they_import_are_no_program(tmp_path: Path) -> None:
    cases = {f"server/shop/{part}/probes.py": "import pytest\ndef check(): ...\n" for part in PARTS}
    found = proposed(plant(tmp_path, {**DISGUISED, **cases}))
    layers = found["layers"]
    assert isinstance(layers, dict)
    assert "**/probes.py" in layers["tests"]
    assert layers["controllers"] == ["**/doors.py"]


@pytest.mark.parametrize(
    ("files", "preset", "layers"),
    [
        pytest.param(
            {
                "pyproject.toml": "",
                "shop/db.py": "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n",
                "shop/shapes.py": "from shop.db import db\nclass A(db.Model):\n    __tablename__ = 'a'\n",
                "shop/other.py": "import flask\n",
            },
            "flask",
            {"models": ["shop/shapes.py"]},
            id="flask",
        ),
        pytest.param(
            {"pyproject.toml": "", "shop/db.py": BASE, "shop/shapes.py": MODEL.format("A", "a")},
            "plain",
            {"models": ["shop/shapes.py"]},
            id="no framework",
        ),
    ],
)
def test_a_code_base_without_routes_we_know(
    tmp_path: Path, files: dict[str, str], preset: str, layers: dict[str, list[str]]
) -> None:
    found = proposed(plant(tmp_path, files))
    assert (found["preset"], found["layers"]) == (preset, layers)


def test_a_package_that_shares_its_name_with_a_file_deeper_down_is_imported_from_the_top(tmp_path: Path) -> None:
    files = {path.removeprefix("server/"): text for path, text in DISGUISED.items() if path.startswith("server/shop")}
    found = proposed(
        plant(tmp_path, {**files, "pyproject.toml": "", "shop/orders/shop.py": "from shop.db import Base\n"})
    )
    assert "source" not in found


def test_a_folder_named_like_a_library_is_no_place_that_imports_start_from(tmp_path: Path) -> None:
    wraps = "from celery import Celery\nfrom celery.schedules import crontab\nfrom celery.result import AsyncResult\n"
    files = {
        **DISGUISED,
        "server/shop/jobs/__init__.py": "",
        "server/shop/jobs/celery/__init__.py": "",
        "server/shop/jobs/celery/wrapper.py": wraps,
        **{f"server/shop/jobs/{part}.py": wraps for part in PARTS},
    }
    assert proposed(plant(tmp_path, files))["source"] == "server"


def test_a_file_of_functions_with_a_schema_in_it_describes_no_data(tmp_path: Path) -> None:
    mixed = (
        DATA.format("Answer") + "def show(request):\n    return Answer(id=1)\ndef list_all(request):\n    return []\n"
    )
    files = {**DISGUISED, **{f"server/shop/{part}/pages.py": mixed for part in PARTS}}
    layers = proposed(plant(tmp_path, files))["layers"]
    assert isinstance(layers, dict)
    assert layers["schemas"] == ["**/words.py"]
