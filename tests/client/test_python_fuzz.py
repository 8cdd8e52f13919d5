"""Documents that were made up at random: a Python client that mypy and pydantic take, or an error that names the place.

ARCKODE_FUZZ_PYTHON_CLIENTS=500 tries more of them, with another seed each time (`make soak`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.client.python_tools import client_of, type_errors
from tests.client.strategies import write_made_up

if TYPE_CHECKING:
    from pathlib import Path


_WANTED = int(os.environ.get("ARCKODE_FUZZ_PYTHON_CLIENTS", "40"))
_IMPORT = """
import importlib, inspect, pathlib, sys
from pydantic import BaseModel
for file in sorted(pathlib.Path().glob("d*/*.py")):
    try:
        module = importlib.import_module(f"{file.parent.name}.{file.stem}".removesuffix(".__init__"))
        for each in list(vars(module).values()):
            if inspect.isclass(each) and issubclass(each, BaseModel) and each is not BaseModel:
                each.model_rebuild()
    except BaseException as error:
        print(file, type(error).__name__, error)
    for name in [name for name in sys.modules if name.startswith(file.parent.name + ".")]:
        del sys.modules[name]
"""


def test_a_made_up_document_never_gives_code_that_does_not_run(tmp_path: Path) -> None:
    tried = write_made_up(tmp_path, _WANTED, "ARCKODE_FUZZ_PYTHON_CLIENTS", client_of)
    assert tried > _WANTED // 4
    said = type_errors(tmp_path)
    assert not said, "\n".join(said[:20])
    ran = subprocess.run([sys.executable, "-c", _IMPORT], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert not ran.stdout, ran.stdout[:4000]
