"""What in a project's code keeps it from starting: a file that is no Python, an import of what is not there."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from arckode_gen.engine.edits_names import top_level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_gen.engine.project import Snapshot


def no_python(snapshot: Snapshot) -> dict[str, str]:
    """Map each file under src that cannot be read as Python to where and why."""
    return {path: read for path, read in _parsed(snapshot).items() if isinstance(read, str)}


def dangling(snapshot: Snapshot, package: str) -> tuple[str, ...]:
    """Return the imports of modules of the project that are not there, each as `file:line imports module`."""
    parsed = _parsed(snapshot)
    return tuple(
        f"{path}:{line} imports {module}"
        for path, read in parsed.items()
        if not isinstance(read, str)
        for line, module in _imports(path, read)
        if module.partition(".")[0] == package and not _is_there(module, parsed)
    )


def _parsed(snapshot: Snapshot) -> Mapping[str, ast.Module | str]:
    found: dict[str, ast.Module | str] = {}
    for path in snapshot.glob("src/**/*.py"):
        state = snapshot.read(path)
        if state is None:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a doubtful escape keeps nothing from starting
                found[path] = ast.parse(state.content)
        except SyntaxError as error:
            found[path] = f"line {error.lineno}: {error.msg}"
        except ValueError as error:
            found[path] = str(error)
    return found


def _imports(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Name the modules that are imported as soon as a file is, relative ones in full; what may fail is not meant."""
    guarded = {each for node in ast.walk(tree) if isinstance(node, ast.Try) for each in ast.walk(node)}
    folder = path.removeprefix("src/").split("/")[:-1]
    for node in top_level(tree):
        if node in guarded:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            yield node.lineno, ".".join((*above, *([node.module] if node.module else [])))


def _is_there(module: str, parsed: Mapping[str, object]) -> bool:
    path = f"src/{module.replace('.', '/')}"
    return f"{path}.py" in parsed or any(each.startswith(f"{path}/") for each in parsed)  # not by an old __pycache__
