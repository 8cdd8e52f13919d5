"""The migrations that come with parts of the kernel make the tables that the parts' models say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import yaml
from sqlalchemy import make_url
from sqlalchemy.schema import CreateIndex, CreateTable

import kernel
from kernel.audit_table import AuditEntry
from kernel.command_table import CommandRow
from kernel.event_archive_table import ArchivedEventRow
from kernel.event_bus_table import HandledRow, LetterRow, OutgoingRow, RelayRow
from kernel.event_table import EventRow, StreamRow
from kernel.personal_table import PersonalKeyRow
from kernel.projection_table import ProjectionRow
from kernel.queue_table import JobRow
from kernel.reservation_table import ReservationRow
from kernel.schedule_table import ScheduleRow
from kernel.snapshot_table import SnapshotRow
from kernel.webhooks_table import WebhookSubscription
from tests.stubs.test_sql_types import normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Dialect, Table

FOLDER = Path(kernel.__file__).parent.parent
TABLES = {
    "create_archived_events": (ArchivedEventRow,),
    "create_audit_entries": (AuditEntry,),
    "create_event_bus": (LetterRow, HandledRow, OutgoingRow, RelayRow),
    "create_event_projections": (ProjectionRow,),
    "create_event_reservations": (ReservationRow,),
    "create_event_snapshots": (SnapshotRow,),
    "create_handled_commands": (CommandRow,),
    "create_personal_keys": (PersonalKeyRow,),
    "create_queue_jobs": (JobRow,),
    "create_queue_schedules": (ScheduleRow,),
    "create_stored_events": (EventRow, StreamRow),
    "create_webhook_subscriptions": (WebhookSubscription,),
}
DIALECTS = {name: make_url(f"{name}://").get_dialect()() for name in ("mariadb", "mysql", "postgresql", "sqlite")}


def written(slug: str) -> dict[str, list[str]]:
    spec = importlib.util.spec_from_file_location(slug, FOLDER / "migrations" / f"{slug}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("dict[str, list[str]]", module.UP)


def compiled(table: Table, dialect: Dialect) -> Iterator[str]:
    yield str(CreateTable(table).compile(dialect=dialect))
    for index in table.indexes:
        yield str(CreateIndex(index).compile(dialect=dialect))


def test_every_migration_belongs_to_a_part() -> None:
    parts = yaml.safe_load((FOLDER / "parts.yml").read_text())["parts"]
    listed = sorted(slug for part in parts.values() for slug in part.get("migrations", ()))
    assert listed == sorted(path.stem for path in (FOLDER / "migrations").glob("*.py")) == sorted(TABLES)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("slug", TABLES)
def test_a_migration_is_what_the_models_say(slug: str, dialect: str) -> None:
    tables = [cast("Table", model.__table__) for model in TABLES[slug]]
    wanted = [statement for table in tables for statement in compiled(table, DIALECTS[dialect])]
    assert sorted(map(normal, written(slug)[dialect])) == sorted(map(normal, wanted))
