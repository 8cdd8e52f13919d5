"""A caller sees the rows of their tenant through every method of a repository, on memory and the three databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import UUID, uuid4

import pytest
from starlette.responses import StreamingResponse

from kernel.access import SIGNED_IN, Principal
from kernel.app import Kernel
from kernel.errors import ForbiddenError
from kernel.http.routing import ModuleRouter
from kernel.repository import ALL
from kernel.repository_memory import MemoryRepository
from kernel.repository_sql import SqlRepository
from kernel.settings import KernelSettings
from kernel.tenancy import Tenant, across_tenants, current_tenant, limited_to
from kernel.testing import client
from tests.kernel.samples import Paper

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from kernel.memory_database import MemoryDatabase
    from kernel.repository import RepositoryAdapter
    from tests.kernel.backends import Shop

pytestmark = pytest.mark.anyio

OURS, THEIRS = uuid4(), uuid4()


class PapersRepository(SqlRepository[Paper]):
    model = Paper


def papers_of(shop: Shop) -> RepositoryAdapter[Paper]:
    if shop.database is None:
        return MemoryRepository(Paper, cast("MemoryDatabase", shop.work))
    return PapersRepository(shop.database)


LOOKS: dict[str, tuple[Callable[[RepositoryAdapter[Paper], UUID], Awaitable[object]], object]] = {
    "find_by_id": (lambda papers, key: papers.find_by_id(key), None),
    "find_one": (lambda papers, key: papers.find_one({"id": key}), None),
    "find_many": (lambda papers, key: papers.find_many({"id": key}), ()),
    "find_many with deleted ones": (lambda papers, key: papers.find_many({"id": key}, with_deleted=True), ()),
    "exists": (lambda papers, key: papers.exists({"id": key}), False),
    "count": (lambda papers, _: papers.count(), 0),
    "update": (lambda papers, key: papers.update(key, {"title": "stolen"}), None),
    "update to nothing new": (lambda papers, key: papers.update(key, {}), None),
    "update of a version": (lambda papers, key: papers.update(key, {"title": "stolen"}, expected_version=1), None),
    "update_many": (lambda papers, _: papers.update_many(ALL, {"title": "stolen"}), 0),
    "increment": (lambda papers, key: papers.increment(key, "pages"), None),
    "compare_and_set": (lambda papers, key: papers.compare_and_set(key, {"pages": 1}, {"title": "stolen"}), False),
    "delete": (lambda papers, key: papers.delete(key), False),
    "delete_many": (lambda papers, _: papers.delete_many(ALL), 0),
}


@pytest.mark.parametrize("caller", [Tenant(THEIRS), Tenant(None)], ids=["another tenant", "nobody's"])
@pytest.mark.parametrize("look", LOOKS)
async def test_no_method_reaches_the_row_of_another_tenant(shop: Shop, look: str, caller: Tenant) -> None:
    papers = papers_of(shop)
    await papers.delete_many(ALL)
    made = await papers.create({"firm": OURS, "title": "ours"})
    call, nothing = LOOKS[look]
    with limited_to(caller):
        assert await call(papers, made.id) == nothing
    with limited_to(Tenant(OURS)):
        seen = await papers.find_by_id(made.id)
    assert seen is not None
    assert (seen.title, seen.pages) == ("ours", 1)


async def test_pages_hold_the_rows_of_the_tenant(shop: Shop) -> None:
    papers = papers_of(shop)
    await papers.delete_many(ALL)
    await papers.create_many([{"firm": firm, "title": "x"} for firm in (OURS, THEIRS, THEIRS)])
    with limited_to(Tenant(THEIRS)):
        assert (await papers.paginate()).total == 2
        assert {row.firm for row in (await papers.find_page()).data} == {THEIRS}
        with across_tenants():
            assert await papers.count() == 3


async def test_a_new_row_is_the_callers(shop: Shop) -> None:
    papers = papers_of(shop)
    with limited_to(Tenant(OURS)):
        assert (await papers.create({"title": "x"})).firm == OURS
        with pytest.raises(ForbiddenError, match="This belongs to another tenant"):
            await papers.create({"title": "x", "firm": THEIRS})
        made = await papers.create({"title": "x"})
        with pytest.raises(ForbiddenError, match="This belongs to another tenant"):
            await papers.update(made.id, {"firm": THEIRS})
    with limited_to(Tenant(None)), pytest.raises(ForbiddenError, match="This belongs to another tenant"):
        await papers.create({"title": "x"})


async def test_a_stream_reads_in_the_tenant_of_its_caller_and_the_next_request_in_none() -> None:
    class Papers:
        async def show(self) -> StreamingResponse:
            async def pieces() -> AsyncIterator[str]:
                for _ in range(2):
                    tenant = current_tenant()
                    yield f"{tenant.id if tenant else None} "

            return StreamingResponse(pieces())

    async def authenticate(_authorization: str | None) -> Principal | None:
        return Principal(UUID(int=1), OURS)

    papers, routes = Papers(), ModuleRouter("papers")
    routes.get("", papers.show, access=SIGNED_IN)
    kernel = Kernel(KernelSettings.for_tests(database_url="sqlite://"))
    kernel.authenticate_with(authenticate)
    kernel.add_module("papers", service=papers, router=routes.router)
    async with client(kernel) as http:
        assert (await http.get("/papers")).text == f"{OURS} {OURS} "
    assert current_tenant() is None
