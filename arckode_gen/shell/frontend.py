"""The programs of a project's front end: Vite, from the packages that npm installed there."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from arckode_gen.errors import OperationError
from arckode_gen.shell.serve import Program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from arckode_gen.shell.address import Address

FOLDER = "frontend"
BUNDLE = f"{FOLDER}/dist"
_INSTALL = f"install it: `npm install --prefix {FOLDER}`"


def vite(root: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words that run Vite, none when the project has no front end.

    Raises:
        OperationError: there is no Node, or the packages are not installed.
    """
    return _program(root, "vite/bin/vite.js", environ)


def development(
    vite: tuple[str, ...], root: Path, address: Address, api: Address, environ: Mapping[str, str]
) -> Program:
    """Return what serves the front end at an address, and the API behind it."""
    where = ("--host", address.host, "--port", str(address.port), "--strictPort", "--clearScreen", "false")
    return Program(("--", *vite, *where), root / FOLDER, {**environ, "ARCKODE_API": api.url})


def build(root: Path, environ: Mapping[str, str]) -> str:
    """Check the types and write the bundle into frontend/dist; return what Vite said of it.

    Raises:
        OperationError: there is no front end, it is not installed, has a type error or does not build.
    """
    if not (root / FOLDER / "package.json").is_file():
        raise OperationError("this project has no front end", "make one with `arckode make:frontend`")
    checker, bundler = _program(root, "vue-tsc/bin/vue-tsc.js", environ), vite(root, environ)
    said = ""
    for words, what in (((*checker, "--build"), "has type errors"), ((*bundler, "build"), "does not build")):
        done = subprocess.run(words, cwd=root / FOLDER, env=dict(environ), capture_output=True, text=True, check=False)
        said = done.stdout.strip()
        if done.returncode:
            raise OperationError(
                f"the front end {what}:\n{said or done.stderr.strip()}", "correct it, then run this again"
            )
    return said


def _program(root: Path, script: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    folder = root / FOLDER
    if not (folder / "package.json").is_file():
        return ()
    node = shutil.which("node", path=environ.get("PATH"))
    if node is None:
        raise OperationError(
            "the front end needs Node, which is not installed",
            "install Node 22; `arckode dev --api-only` serves the API alone",
        )
    file = folder / "node_modules" / script
    if not file.is_file():
        raise OperationError(
            f"the packages of {FOLDER}/ are not installed", f"{_INSTALL}; `arckode dev --api-only` serves the API alone"
        )
    return node, str(file)
