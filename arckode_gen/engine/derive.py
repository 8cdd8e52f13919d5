"""Runs a stub's `derive.py`: one pure function that computes what templates should not."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Protocol, cast

from arckode_gen.errors import ArckodeError, CrashError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

    from arckode_gen.engine.project import Snapshot


class Derive(Protocol):
    """What `derive.py` holds; an ArckodeError that it raises is what the person reads."""

    def __call__(self, values: Mapping[str, object], project: Snapshot, /) -> Mapping[str, object]: ...


def derive(folder: Path, values: Mapping[str, object], project: Snapshot) -> dict[str, object]:
    """Return the values with those that the stub derives from them; a stub without `derive.py` derives none.

    Raises:
        CrashError: `derive.py` does not load, lacks the function, fails, or answers something else.
        ArckodeError: whatever the function refuses.
    """
    file = folder / "derive.py"
    if not file.is_file():
        return dict(values)
    function = getattr(_load(file), "derive", None)
    if not callable(function):
        raise CrashError(f"{file} has no function `derive(values, project)`")
    try:
        derived = cast("Derive", function)(values, project)
    except ArckodeError:
        raise
    except Exception as error:
        raise CrashError(f"{file}{_line(file, error)}: {type(error).__name__}: {error}") from error
    if not isinstance(derived, dict):
        raise CrashError(f"{file}: derive must return a dict of values, not {type(derived).__name__}")
    return {**values, **derived}


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"arckode_stub_{file.parent.name}", file)
    if spec is None or spec.loader is None:
        raise CrashError(f"{file} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise CrashError(f"{file}{_line(file, error)} does not load: {type(error).__name__}: {error}") from error
    return module


def _line(file: Path, error: BaseException) -> str:
    """Say in which line of the file an error arose, as `:12`."""
    import traceback  # only a failure pays for it

    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f":{lines[-1]}" if lines else ""
