"""Turns what the server said about a statement into what a person needs: where, what stayed, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.errors import ArckodeError, OperationError
from arckode_gen.migrations.steps import Script

if TYPE_CHECKING:
    from arckode_gen.migrations.connection import Failure
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.work import Work

_LONGEST = 12


def at_statement(work: Work, index: int, dialect: Dialect, failure: Failure, kept: str) -> OperationError:
    """Return the error of statement `index` (from 0); `kept` says what is in the database now."""
    if not isinstance(work.step, Script):
        return at_program(work, dialect, failure, kept)
    if index >= work.total:
        return OperationError(f"{work.source.label} cannot be kept on {dialect}: {failure}", kept)
    statement = work.step.statements[index]
    return OperationError(
        f"{work.source.label}:{statement.line}: statement {index + 1} of {work.total} failed on {dialect}: {failure}\n"
        f"{_indented(statement.text)}",
        kept,
    )


def at_program(work: Work, dialect: Dialect, error: Exception, kept: str) -> OperationError:
    """Return the error of an `up(db)` or `down(db)`, with the line of the file it came from."""
    import traceback

    label = work.source.label
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == label]
    where = f"{label}:{lines[-1]}" if lines and lines[-1] else label
    known = isinstance(error, ArckodeError) or type(error).__name__ == "Failure"
    said = getattr(error, "message", "") or str(error) if known else f"{type(error).__name__}: {error}"
    hint = f"{error.hint}; {kept}" if isinstance(error, ArckodeError) and error.hint else kept
    return OperationError(f"{where}: {work.direction}(db) failed on {dialect}: {said}", hint)


def rolled_back(work: Work, failure: Failure | None = None) -> str:
    """Say what a failed transaction left."""
    if failure is not None and failure.lost:
        return f"the file is applied whole or not at all: `arckode db:status` says which; then run {_again(work)} again"
    kept = "nothing of this file was kept" if work.direction == "up" else "nothing was taken back: the file is applied"
    todo = "make room" if failure is not None and failure.full else "correct it"
    return f"{kept}; {todo} and run {_again(work)} again"


def kept_before(work: Work, done: int, failure: Failure | None = None) -> str:
    """Say what a failed journalled run left."""
    full = failure is not None and failure.full
    if done == 0:
        kept = "nothing of this file took effect" if work.direction == "up" else "nothing was taken back"
        return f"{kept}; {'make room' if full else 'correct it'} and run {_again(work)} again"
    kept = "statement 1 has" if done == 1 else f"statements 1 to {done} have"
    todo = "make room" if full else "correct the rest"
    return f"{kept} taken effect and will not run twice; {todo} and run {_again(work)} again"


def _again(work: Work) -> str:
    return "`arckode db:migrate`" if work.direction == "up" else "`arckode db:migrate --rollback`"


def _indented(sql: str) -> str:
    lines = sql.splitlines()
    shown = lines[:_LONGEST] + ([f"... {len(lines) - _LONGEST} more lines"] if len(lines) > _LONGEST else [])
    return "\n".join(f"    {line}" for line in shown)
