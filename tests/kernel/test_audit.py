"""The audit log: who did what to which row, by way of HTTP, and what is never written down."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from kernel.access import PUBLIC, SIGNED_IN, Principal
from kernel.app import Kernel
from kernel.audit import AuditLog, connect_audit, use_audit
from kernel.bus import EventBus, use_events
from kernel.http.audit import register_audit
from kernel.http.routing import ModuleRouter
from kernel.row_events import use_row_events
from kernel.settings import KernelSettings
from kernel.testing import client, fresh_database

if TYPE_CHECKING:
    from tests.kernel.backends import Shop

pytestmark = pytest.mark.anyio
ADA, TENANT = UUID(int=1), UUID(int=9)
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Orders:
    """A service like any other."""


async def authenticate(authorization: str | None) -> Principal | None:
    if authorization is None:
        return None
    tenant = UUID(int=int(authorization.removeprefix("Bearer ")))
    return Principal(ADA, tenant, frozenset({"audit:read"}))


async def test_what_a_request_did_is_known_to_who_may_read_it_in_its_tenant() -> None:
    async with fresh_database() as database:
        kernel = Kernel(KernelSettings.for_tests(database_url="sqlite://"), database=database)
        use_audit(kernel)
        use_events(kernel)
        kernel.authenticate_with(authenticate)
        routes = ModuleRouter("orders")

        async def pay() -> None:
            await kernel.resolve(EventBus).emit("orders.paid", {"id": "7", "password": "x"}, "orders", key="order-7")

        async def look() -> None:
            await kernel.resolve(EventBus).emit("orders.seen", {}, "orders")

        routes.post("/pay", pay, access=SIGNED_IN, status=204)
        routes.get("/look", look, access=PUBLIC)
        kernel.add_module("orders", service=Orders(), router=routes.router)
        register_audit(kernel)
        connect_audit(kernel)
        async with client(kernel) as http:
            own, strange = ({"Authorization": f"Bearer {number}"} for number in (9, 8))
            trace = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Correlation-ID": "c-1"}
            assert (await http.post("/orders/pay", headers=own | trace)).status_code == 204
            assert (await http.get("/orders/look")).status_code == 200
            (entry,) = (await http.get("/audit", headers=own)).json()
            assert entry | {"id": "", "occurredAt": ""} == {
                "id": "",
                "occurredAt": "",
                "actorId": str(ADA),
                "event": "orders.paid",
                "source": "orders",
                "rowKey": "order-7",
                "correlationId": "c-1",
                "traceId": TRACE,
                "data": {"id": "7", "password": "[hidden]"},
            }
            assert (await http.get("/audit", headers=strange)).json() == []
            for query, count in (("event=orders.paid", 1), ("row=order-8", 0), (f"before={entry['id']}", 0)):
                assert len((await http.get(f"/audit?{query}", headers=own)).json()) == count
            assert (await http.get("/audit")).status_code == 401
            assert (await http.get("/audit?limit=1000", headers=own)).status_code == 422
            (nobody,) = await kernel.resolve(AuditLog).list()
            assert (nobody.event, nobody.actor_id, nobody.tenant_id) == ("orders.seen", None, None)


async def test_a_row_of_any_module_is_written_down_without_a_line_in_its_service(sql_only: Shop) -> None:
    assert sql_only.database is not None
    kernel = Kernel(KernelSettings.for_tests(), database=sql_only.database)
    await sql_only.database.create_tables()
    use_audit(kernel)
    use_events(kernel)
    use_row_events(kernel)
    connect_audit(kernel)
    article = await sql_only.articles.create({"code": "a", "note": "a secret"})
    await sql_only.articles.update(article.id, {"note": "another"})
    with pytest.raises(RuntimeError, match="sold out"):
        async with sql_only.work.transaction():
            await sql_only.articles.delete(article.id)
            raise RuntimeError("sold out")
    found = await kernel.resolve(AuditLog).list(row=str(article.id))
    data = {"id": str(article.id)}
    assert [(entry.event, entry.data) for entry in found] == [
        ("articles.updated", data | {"changed": ["note"]}),
        ("articles.created", data),
    ]
