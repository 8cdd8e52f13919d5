"""Events about rows, without a line in any service: `orders.created`, `orders.updated` and `orders.deleted`.

Repositories tell of what they write, so that whoever hears `orders.*` hears all of it, in the transaction that wrote
it. What the database does by itself, such as a cascade, and what is written in plain SQL is told by nobody.
"""

from .app import Kernel
from .bus import EventBus
from .row_changes import RowChange


def use_row_events(kernel: Kernel) -> None:
    """Emit an event, named by the table, for each row that a repository creates, updates or deletes.

    Its key is the row's id, its data `{"id": ...}`, and for an update `changed`, the names of the fields.
    """

    async def emit(change: RowChange) -> None:
        data: dict[str, object] = {"id": str(change.key)}
        if change.action == "updated":
            data["changed"] = list(change.fields)
        name = f"{change.table}.{change.action}"
        await kernel.resolve(EventBus).emit(name, data, change.table, key=str(change.key))

    kernel.database.watcher = emit
