"""The folder of the demonstration: temporary, unless it is asked for or tells what went wrong."""

from __future__ import annotations

import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from arckode_gen.errors import ArckodeError, OperationError, RefusedError
from arckode_gen.shell.demo_python import UnequippedError
from arckode_gen.shell.demo_run import StepFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def workplace(directory: Path | None, name: str, *, keep: bool, say: Callable[[str], None]) -> Iterator[Path]:
    """Give the folder to build `name` in; what fails in it is said, with everything the step printed.

    Raises:
        RefusedError: `name` is there already.
        OperationError: a step failed; the folder is kept then.
    """
    if directory is not None and (directory / name).exists():
        raise RefusedError(f"{directory / name} exists already", "choose another --directory, or move it")
    folder = directory or Path(tempfile.mkdtemp(prefix="arckode-demo-"))
    stays = keep or directory is not None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except UnequippedError:
        raise
    except (ArckodeError, OSError) as error:
        stays = True
        raise _told(error, folder / name, say) from error
    finally:
        if not stays:
            shutil.rmtree(folder, ignore_errors=True)


def _told(error: ArckodeError | OSError, kept: Path, say: Callable[[str], None]) -> OperationError:
    if isinstance(error, StepFailedError):
        say(error.output.rstrip())
    message, hint = (error.message, error.hint) if isinstance(error, ArckodeError) else (str(error), "")
    return OperationError(message, "\n  ".join(line for line in (hint, f"what was built is kept in {kept}") if line))


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as Ctrl-C does: with everything stopped and tidied up."""

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
