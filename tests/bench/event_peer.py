"""The aggregate of `bench_events` as `eventsourcing` has it; importable once that is installed."""

from __future__ import annotations

from eventsourcing.application import Application  # type: ignore[import-not-found]  # in a folder of the benchmark's own
from eventsourcing.domain import Aggregate, event  # type: ignore[import-not-found]  # the same

__all__ = ["Account", "Application"]


class Account(Aggregate):  # type: ignore[misc]  # it is not there for a checker
    @event("Opened")  # type: ignore[untyped-decorator]  # the same
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.balance = 0

    @event("Paid")  # type: ignore[untyped-decorator]  # the same
    def pay(self, amount: int, note: str) -> None:
        self.balance += amount
