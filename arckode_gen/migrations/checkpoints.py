"""Keeps how far a function over many rows has come, in the transaction that its last batch belongs to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast
from uuid import UUID

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.data import Start, Steps

if TYPE_CHECKING:
    from arckode_gen.migrations.connection import Connection
    from arckode_gen.migrations.control import Control
    from arckode_gen.migrations.request import Report


class Checkpoints(Steps):
    """Commits after each batch; loops are told apart by the order they begin in."""

    def __init__(self, name: str, report: Report, connection: Connection, control: Control, entry: int) -> None:
        super().__init__(name, report)
        self._connection = connection
        self._control = control
        self._entry = entry
        self._loop = -1
        self._after: object = None

    @property
    def are_kept(self) -> bool:
        return self._loop >= 0 or self._rows > 0

    async def load(self) -> None:
        """Read where the last run stopped."""
        text = await self._control.mark_of(self._entry)
        if text:
            self._loop, self._after = _read(text)

    def start(self, loop: int) -> Start:
        if loop < self._loop:
            return Start(is_finished=True)
        return Start(after=self._after) if loop == self._loop else Start()

    async def done(self, loop: int, key: object, rows: int) -> None:
        await self._control.mark(self._entry, _written(loop, key))
        await self._connection.commit()
        await super().done(loop, key, rows)
        await self._connection.begin(data=True)


def _written(loop: int, key: object) -> str:
    if isinstance(key, UUID):
        return json.dumps({"loop": loop, "uuid": str(key)})
    if isinstance(key, int | str):
        return json.dumps({"loop": loop, "key": key})
    raise RefusedError(
        f"db.batches cannot go on after a key like {key!r}", "order by a column of whole numbers, texts or UUIDs: key="
    )


def _read(text: str) -> tuple[int, object]:
    found = cast("dict[str, object]", json.loads(text))
    key: object = UUID(str(found["uuid"])) if "uuid" in found else found["key"]
    return cast("int", found["loop"]), key
