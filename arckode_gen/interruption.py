"""Knows that Ctrl-C was pressed even where a library turns the exception into one of its own."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_ENDING: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def held() -> Iterator[None]:
    """Let what would interrupt us wait for the end of the block.

    An exception in the middle of `subprocess.Popen` would lose the process that it has just started.
    """
    came: list[int] = []
    before = {}
    try:
        for number in (each for each in _ENDING if signal.getsignal(each) not in (signal.SIG_IGN, None)):
            before[number] = signal.signal(number, lambda number, _: came.append(number))
    except ValueError:  # only the main thread may, and only it is interrupted
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


def _interrupt_main() -> None:
    """Interrupt the main thread as Ctrl-C does, which also wakes it where it waits for something."""
    import _thread
    import threading

    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()


@contextmanager
def noticed() -> Iterator[Callable[[], bool]]:
    """Leave SIGINT what it is, and yield a function that says whether it came.

    Pydantic's core reports an interruption that reaches it while it builds a class as a SchemaError; without this it
    would look like a crash of ours. And Python prints and drops an exception that is raised in a finalizer, which is
    where Ctrl-C may strike (that of a Popen whose caller was interrupted just before); it is delivered again, after it.
    """
    came: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        came.append(number)
        signal.default_int_handler(number, frame)

    report = sys.unraisablehook

    def deliver_again(dropped: sys.UnraisableHookArgs) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            report(dropped)
            return
        import threading  # hardly any command is interrupted

        again = threading.Timer(0.02, _interrupt_main)
        again.daemon = True
        again.start()

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: False
        return
    try:
        signal.signal(signal.SIGINT, handle)
    except ValueError:  # only the main thread may, and only there SIGINT becomes an exception
        yield lambda: False
        return
    sys.unraisablehook = deliver_again
    try:
        yield lambda: bool(came)
    finally:
        sys.unraisablehook = report
        signal.signal(signal.SIGINT, signal.default_int_handler)
