"""Runs a migration file as a module of its own that nothing else can import, and that leaves no trace."""

from __future__ import annotations

import sys
from contextlib import contextmanager, redirect_stdout
from types import ModuleType
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.failures import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.migrations.files import Source


@contextmanager
def isolated(source: Source) -> Iterator[ModuleType]:
    """Give the executed module; no byte code is written beside the file.

    Raises:
        RefusedError: the file fails while it is being imported.
    """
    module = ModuleType(f"_arckode_migration_{source.name}")
    module.__file__ = source.label
    sys.modules[module.__name__] = module
    try:
        # Standard output is the command's product; what a migration prints is conversation.
        with redirect_stdout(sys.stderr):
            _execute(source, module)
            yield module
    finally:
        sys.modules.pop(module.__name__, None)


def _execute(source: Source, module: ModuleType) -> None:
    try:
        exec(compile(source.text, source.label, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the user's file
    except ImportError as error:
        raise RefusedError(
            f"{place_of(error, source.label)}: {error}",
            "a migration must go on working when the project's code has moved on: write what it needs into the file",
        ) from error
    except (Exception, SystemExit) as error:
        where = place_of(error, source.label)
        raise RefusedError(f"{where}: {type(error).__name__}: {error}", "correct the file") from error
