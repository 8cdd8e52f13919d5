"""Compiled templates, kept for the next run: compiling takes longer than everything else that a generator does."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from arckode_gen.shell import kept

if TYPE_CHECKING:
    from pathlib import Path
    from types import CodeType

MOST = 500


class CompiledTemplates:
    """The compiled templates of one stub, by their source."""

    def __init__(self, folder: Path) -> None:
        self._file = kept.beside(folder / "tree", ".jinja")
        self._new: dict[str, CodeType] = {}

    @cached_property
    def _known(self) -> dict[str, CodeType]:
        return cast("dict[str, CodeType]", kept.load(self._file, _stamp()) or {})

    def get(self, source: str) -> CodeType | None:
        return self._new.get(source) or self._known.get(source)

    def put(self, source: str, code: CodeType) -> None:
        self._new[source] = code

    def save(self) -> None:
        """Keep what was compiled for the next run."""
        if self._new:
            room = len(self._known) + len(self._new) <= MOST
            kept.save(self._file, _stamp(), {**self._known, **self._new} if room else self._new)


def _stamp() -> str:
    """Return what must be the same for compiled code to be of use, beside what made it."""
    import jinja2  # only what renders asks for compiled templates

    return jinja2.__version__
