"""What would interrupt us waits while a process is being started, and comes then."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from arckode_gen.interruption import held

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def hangup() -> Iterator[None]:
    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGHUP, interrupt)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_interruption_comes_when_the_block_is_over(hangup: None, number: signal.Signals) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):
        with held():
            os.kill(os.getpid(), number)
            done.append("all of it")
        done.append("more")
    assert done == ["all of it"]


def test_it_comes_beside_an_error_of_the_block() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, held():
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError("of the block")
    assert isinstance(caught.value.__context__, ValueError)


def test_what_is_ignored_stays_ignored_for_what_is_started_in_it(hangup: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with held():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_no_thread_but_the_main_one_is_interrupted() -> None:
    done = []

    def work() -> None:
        with held():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGINT)]
