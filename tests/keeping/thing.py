"""A stub of a project's own that changes from version to version, small enough to be run many times."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from arckode_gen import commands

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_STUB = """\
summary: Things.
version: {version}
params:
  - {{ name: name, kind: argument, required: true }}
files:
{rows}"""
_WIRES = """\
wires:
  - { edit: import, file: root.py, statement: "from out.a import register_thing" }
  - { edit: register, file: root.py, function: compose, statement: "register_thing(kernel)" }
"""
ROOT = b"from kernel import Kernel\n\n\ndef compose():\n    kernel = Kernel()\n    return kernel\n"


def publish(root: Path, texts: Mapping[str, str], version: int, *, wired: bool = False) -> None:
    """Write a version of the stub `thing`, which makes these files under `out/`; it may lack some of an older one."""
    commands.stub_of.cache_clear()  # a process reads a stub once
    folder = root / ".arckode/stubs/thing"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tree").mkdir(parents=True)
    rows = "".join(f"  - {{ path: 'out/{path}', template: {index}.jinja }}\n" for index, path in enumerate(texts))
    (folder / "stub.yml").write_text(_STUB.format(version=version, rows=rows) + (_WIRES if wired else ""))
    for index, text in enumerate(texts.values()):
        (folder / f"tree/{index}.jinja").write_text(text)
