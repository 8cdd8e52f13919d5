"""The statements that create the table of the keys, as the kernel's model declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine import additions, sql_types
from arckode_gen.engine.fields import parse_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot

_FIELDS = (
    *("key_digest:str:max=64:unique", "request_digest:str:max=64"),
    *("status:int:null", "headers:json:null", "body:bytes:null"),
    *("held_until:datetime", "expires_at:datetime:index"),
)


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:  # noqa: ARG001  a derive's shape
    """Return the statements by dialect."""
    table = sql_types.Table("idempotency_keys", parse_fields(_FIELDS), timestamps=False, soft_delete=False)
    return additions.migrations(additions.Tables(table, {}), ())
