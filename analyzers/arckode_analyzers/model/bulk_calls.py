"""What does for many rows at once what a call does for one, in the words of the library that runs the query."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arckode_analyzers.model.calls import Target

_READ = "read all rows first: `find_many({'id': {'in': ids}})` once, then look them up in a dict"
_UPDATE = (
    "call `update_many({'id': {'in': ids}}, values)` once; where each row gets its own values, write one statement in"
    " the repository"
)
_IN_ONE = {
    "create": "collect the rows and call `create_many(rows)` once",
    "create_many": "collect the rows of all turns and call `create_many(rows)` once",
    "update": _UPDATE,
    "update_many": _UPDATE,
    "increment": _UPDATE,
    "restore": _UPDATE,
    "compare_and_set": "call `update_many` once with the expected values in its filters",
    "delete": "call `delete_many({'id': {'in': ids}})` once",
    "delete_many": "call `delete_many({'id': {'in': ids}})` once",
    "count": "read the rows once with `find_many` and count them in memory",
    "exists": "read the rows that exist with `find_many({'id': {'in': ids}})` once, and compare",
    "commit": "commit once, after the loop",
    "flush": "flush once, after the loop",
    "refresh": "read the rows back with one `select(...).where(Model.id.in_(ids))` after the loop",
}
_STATEMENT = (
    "read all rows first with one `select(...).where(Model.id.in_(ids))`, or write them with one statement:"
    " `session.execute(insert(Model), rows)`"
)
_DRIVER = "read all rows with one statement (`where id in (...)`), or write them with one `executemany`"
_ALCHEMY = {
    "create": "collect the rows and call `create_many(rows)` once",
    "add": "collect the rows and call `add_many(rows)` once",
    "update": "change the rows and call `update_many(rows)` once",
    "upsert": "collect the rows and call `upsert_many(rows)` once",
    "delete": "call `delete_many(ids)` once",
    "count": "count all groups with one `select(..., func.count()).group_by(...)`",
}
_ALCHEMY_READ = "read all rows first with one `list(Model.id.in_(ids))`, then look them up in a dict"
_DJANGO = {
    "save": "collect the rows and call `bulk_create(rows)` or `bulk_update(rows, fields)` once",
    "create": "collect the rows and call `bulk_create(rows)` once",
    "get_or_create": "read those that exist with one `filter(...__in=keys)`, and `bulk_create` the others",
    "update_or_create": "call `bulk_create(rows, update_conflicts=True, ...)` once",
    "update": "call `update(...)` once on `filter(pk__in=ids)`, or `bulk_update(rows, fields)`",
    "delete": "call `filter(pk__in=ids).delete()` once",
    "count": "count all groups with one `values(...).annotate(Count(...))`",
}
_DJANGO_READ = "read all rows first with one `filter(pk__in=ids)` (or `in_bulk(ids)`), then look them up in a dict"
_LATER = frozenset({"commit", "flush", "refresh"})


def in_one_call(end: Target) -> str:
    """Name the call that does it all at once, in the words of the library that runs the query."""
    if end.owner.startswith("kernel.") or end.method in _LATER:
        return _IN_ONE.get(end.method, _READ)
    if end.owner.startswith("advanced_alchemy."):
        return _ALCHEMY.get(end.method, _ALCHEMY_READ)
    if end.owner.startswith(("django.", "rest_framework.")):
        return _DJANGO.get(end.method, _DJANGO_READ)
    return _STATEMENT if end.owner.startswith("sqlalchemy.") else _DRIVER
