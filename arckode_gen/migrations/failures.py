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


def place_of(error: BaseException, label: str) -> str:
    """Return the line of a file that an error came from; the file alone when it was none of its lines."""
    import traceback

    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == label]
    return f"{label}:{lines[-1]}" if lines and lines[-1] else label


def words_of(error: BaseException) -> str:
    """Return what an error says, with its kind where that is not one of ours."""
    if isinstance(error, ArckodeError):
        return error.message
    return str(error) if type(error).__name__ == "Failure" else f"{type(error).__name__}: {error}"


def at_program(work: Work, dialect: Dialect, error: BaseException, kept: str) -> OperationError:
    """Return the error of an `up(db)` or `down(db)`, with the line of the file it came from."""
    where, said = place_of(error, work.source.label), words_of(error)
    hint = f"{error.hint}; {kept}" if isinstance(error, ArckodeError) and error.hint else kept
    return OperationError(f"{where}: {work.direction}(db) failed on {dialect}: {said}", hint)


def rolled_back(work: Work, failure: Failure | None = None) -> str:
    """Say what a failed transaction left."""
    if failure is not None and failure.lost:
        whole = "the file is applied whole or not at all: `arckode db:status` says which"
        return f"{whole}{_before(work)}; then run `{work.again}` again"
    kept = "nothing of this file was kept" if work.direction == "up" else "nothing was taken back: the file is applied"
    return f"{kept}{_before(work)}; {_todo(work, failure, 'correct it')}"


def kept_before(work: Work, done: int, failure: Failure | None = None) -> str:
    """Say what a failed journalled run left."""
    if failure is not None and failure.lost:
        took = f"{_taken(done)}; " if done else ""
        return f"{took}the next run looks up whether statement {done + 1} did{_before(work)}; run `{work.again}` again"
    if done == 0:
        kept = "nothing of this file took effect" if work.direction == "up" else "nothing was taken back"
        return f"{kept}{_before(work)}; {_todo(work, failure, 'correct it')}"
    return f"{_taken(done)}{_before(work)}; {_todo(work, failure, 'correct the rest')}"


def _taken(done: int) -> str:
    return f"{'statement 1 has' if done == 1 else f'statements 1 to {done} have'} taken effect and will not run twice"


def kept_batches(work: Work, failure: Failure | None = None) -> str:
    """Say what a function left whose batches are transactions of their own."""
    kept = "the batches that were done stay, and the next run goes on after them"
    return f"{kept}{_before(work)}; {_todo(work, failure, 'correct it')}"


def _before(work: Work) -> str:
    """Say what else the run did, which is all that it did."""
    if not work.before:
        return ""
    names, rest = ", ".join(work.before[-_LONGEST:]), len(work.before) - _LONGEST
    more = f" and {rest} before" if rest > 0 else ""
    verb = "was" if len(work.before) == 1 else "were"
    return (
        f"; before it {names}{more} {verb} {'applied' if work.direction == 'up' else 'rolled back'}, and nothing else"
    )


def _todo(work: Work, failure: Failure | None, correct: str) -> str:
    if failure is not None and failure.full:
        correct = "make room"
    elif failure is not None and failure.busy:
        correct = "end what holds the lock"
    return f"{correct} and run `{work.again}` again"


def _indented(sql: str) -> str:
    lines = sql.splitlines()
    shown = lines[:_LONGEST] + ([f"... {len(lines) - _LONGEST} more lines"] if len(lines) > _LONGEST else [])
    return "\n".join(f"    {line}" for line in shown)
