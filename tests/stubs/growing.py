"""A small project to grow, made once and copied, and one command line of every generator beside modules."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from tests.commands.calls import call
from tests.generated import WRITTEN, write_methods


class Generator(NamedTuple):
    """A command line that makes something, and the one that takes it out."""

    make: tuple[str, ...]
    destroy: tuple[str, ...]


def _generator(make: str, destroy: str) -> Generator:
    return Generator(tuple(make.split()), tuple(destroy.split()))


GENERATORS = (
    _generator("make:aggregate accounts owner:str", "destroy:aggregate accounts"),
    _generator("make:aggregate flags up:bool label:str:unique email:email:null:unique", "destroy:aggregate Flags"),
    _generator("make:event notes pinned", "destroy:event Notes Pinned"),
    _generator("make:event notes moved place:uuid title --command move_note", "destroy:event notes moved"),
    _generator("make:command rename_note --of notes --change text", "destroy:command RenameNote --of notes"),
    _generator("make:command reword --of notes --change text --queued", "destroy:command reword --of notes"),
    _generator("make:projection note_overviews --of notes", "destroy:projection NoteOverviews"),
    _generator("make:query saying --of scribbles --where title", "destroy:query Saying --of scribbles"),
    _generator("make:connector orders customers", "destroy:connector orders customers"),
    _generator(
        "make:connector customers articles --call price_of",
        "destroy:connector customers articles",
    ),
    _generator(
        "make:connector orders articles --on orders.confirmed --call reserve_stock",
        "destroy:connector orders articles --on orders.confirmed",
    ),
    _generator(
        "make:connector customers articles --on customers.line.added --call note",
        "destroy:connector Customers articles --on customers.line.added",
    ),
    _generator("make:helper slugify", "destroy:helper Slugify"),
    _generator("make:helper line_total", "destroy:helper line-total"),
    _generator("make:idempotency", "destroy:idempotency"),
    _generator("make:middleware api-version", "destroy:middleware api_version"),
    _generator("make:middleware maintenance", "destroy:middleware maintenance"),
    _generator("make:usecase orders confirm_order", "destroy:usecase orders ConfirmOrder"),
    _generator("make:usecase orders cancel_order", "destroy:usecase orders cancel_order"),
    _generator("make:migration add_index_to_orders", "destroy:migration add_index_to_orders"),
    _generator("make:migration backfill --sql", "destroy:migration backfill"),
    _generator("make:job send_receipt", "destroy:job SendReceipt"),
    _generator("make:job ExportReport", "destroy:job export_report"),
    _generator("make:job poll_prices --every 15m", "destroy:job poll_prices"),
    _generator("make:job send_welcome --on customers.created", "destroy:job send_welcome"),
    _generator("make:websocket notifications --access signed-in", "destroy:websocket Notifications"),
    _generator("make:audit", "destroy:audit"),
    _generator("make:row-events", "destroy:row-events"),
    _generator("make:event notes told secret:text:pii", "destroy:event notes Told"),
    _generator("make:personal-data", "destroy:personal-data"),
    _generator("make:snapshots", "destroy:snapshots"),
    _generator("make:event-archive", "destroy:event-archive"),
    _generator("make:mail-outbox", "destroy:mail-outbox"),
    _generator("make:circuit-breaker payments", "destroy:circuit-breaker Payments"),
    _generator("make:circuit-breaker exchange_rates", "destroy:circuit-breaker exchange-rates"),
    _generator("make:push-outbox", "destroy:push-outbox"),
    _generator("make:webhooks", "destroy:webhooks"),
    _generator("make:webhook-receiver acme", "destroy:webhook-receiver Acme"),
    _generator("make:stream exports --access signed-in", "destroy:stream Exports"),
    _generator("make:seed countries", "destroy:seed countries"),
    _generator("make:seed busy_week --module orders", "destroy:seed busy_week"),
)


def small_project(folder: Path) -> Path:
    """Make three modules, one of them with methods that a person wrote."""
    call(folder, "new", "shop", "--no-git")
    root = folder / "shop"
    call(root, "make:module", "articles", "title")
    call(root, "make:module", "customers", "name")
    call(root, "make:module", "orders", "total:int")
    call(root, "make:aggregate", "notes", "text:text", "title:str")
    call(root, "make:projection", "scribbles", "--of", "notes")
    assert set(WRITTEN) == {"articles"}
    write_methods(root)
    return root


def copied(root: Path, folder: Path) -> Path:
    """Copy a project, without its journal."""
    return Path(shutil.copytree(root, folder / root.name, ignore=shutil.ignore_patterns("history", "lock", "cache")))
