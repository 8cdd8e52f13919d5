"""Which interpreter the sample shop runs in, and what that one lacks."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

from arckode_gen.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TESTS_NEED = frozenset({"httpx2", "pytest"})
_ASK = """
import importlib.metadata as metadata, json, sys
found = {}
for name in json.load(sys.stdin):
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
json.dump({"python": "%d.%d" % sys.version_info[:2], "versions": found}, sys.stdout)
"""


class UnequippedError(OperationError):
    """The interpreter lacks what the shop needs; nothing was tried yet, so there is nothing worth keeping."""


class _Environment(TypedDict):
    python: str
    versions: dict[str, str]


def requirements(pyproject: Path) -> tuple[str, ...]:
    """Return what a generated project needs to run and to test itself, as its own pyproject.toml says."""
    from packaging.requirements import Requirement  # only the demonstration reads requirements

    document = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    development = (item for item in document["dependency-groups"]["dev"] if Requirement(item).name in _TESTS_NEED)
    return (*document["project"]["dependencies"], *development)


def missing(python: Path, needed: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the requirements that an interpreter does not fulfil.

    Raises:
        OperationError: it cannot be run.
    """
    from packaging.requirements import Requirement  # only the demonstration reads requirements

    asked = {text: Requirement(text) for text in needed}
    found = _environment(python, [each.name for each in asked.values()], environ)
    return tuple(
        text.partition(";")[0].strip()
        for text, each in asked.items()
        if each.marker is None or each.marker.evaluate({"python_version": found["python"]})
        if not each.specifier.contains(found["versions"].get(each.name, "0"), prereleases=True)
    )


def require(python: Path, needed: tuple[str, ...], environ: Mapping[str, str]) -> None:
    """Make sure that an interpreter can run the shop.

    Raises:
        UnequippedError: it cannot; the hint is the command that changes this.
        OperationError: it cannot be run at all.
    """
    lacking = missing(python, needed, environ)
    if lacking:
        pip = f"{python} -m pip install {shlex.join(lacking)}"
        raise UnequippedError(
            f"{python} lacks what the shop needs: {', '.join(lacking)}",
            f"install it: {pip}\n  or let the demonstration do that: arckode demo --install",
        )


def as_activated(python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment as it is once this interpreter's virtual environment was activated."""
    return {**environ, "VIRTUAL_ENV": str(python.absolute().parent.parent)}


def is_activatable(python: Path) -> bool:
    """Tell whether `VIRTUAL_ENV` leads to this very interpreter."""
    prefix = python.absolute().parent.parent
    usual = inside(prefix)
    return (prefix / "pyvenv.cfg").is_file() and usual.is_file() and usual.resolve() == python.resolve()


def inside(environment: Path) -> Path:
    """Return where a virtual environment has its interpreter."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _environment(python: Path, names: list[str], environ: Mapping[str, str]) -> _Environment:
    try:
        answer = subprocess.run(
            [str(python), "-c", _ASK],
            input=json.dumps(names),
            env=dict(environ),
            cwd=Path(python.anchor),
            check=False,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise OperationError(f"cannot run {python}: {error.strerror}", "choose another one with --python") from error
    if answer.returncode:
        said = answer.stderr.strip().rpartition("\n")[2]
        raise OperationError(f"{python} does not answer: {said}", "choose another one with --python")
    return cast("_Environment", json.loads(answer.stdout))
