"""Routes that try the layers around them, without a module's own table."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated
from uuid import UUID  # noqa: TC003  FastAPI reads annotations at run time

from fastapi import Query
from pydantic import Field

from kernel.access import PUBLIC, SIGNED_IN
from kernel.app import Kernel
from kernel.errors import NotFoundError
from kernel.http.conditional import IfMatch  # noqa: TC001  FastAPI reads annotations at run time
from kernel.http.raw_body import RawBody  # noqa: TC001
from kernel.http.routing import ModuleRouter, RouteLimits
from kernel.http.schema import ApiModel
from kernel.request_context import current_trace
from kernel.settings import KernelSettings
from tests.kernel.backends import ArticlesRepository
from tests.kernel.orders_api import ArticleOut

if TYPE_CHECKING:
    from fastapi import APIRouter

    from kernel.clock import Clock
    from kernel.database import Database


class Text(ApiModel):
    text: str


class Change(ApiModel):
    title: Annotated[str, Field(max_length=80)]


class Pages:
    def __init__(self, articles: ArticlesRepository) -> None:
        self._articles = articles

    def router(self) -> APIRouter:
        routes = ModuleRouter("pages")
        routes.get("", self.index, access=PUBLIC)
        routes.post("", self.store, access=PUBLIC)
        routes.post("/large", self.large, access=PUBLIC, limits=RouteLimits(body=10_000, seconds=5.0))
        routes.post("/hook", self.hook, access=PUBLIC)
        routes.post("/login", self.login, access=PUBLIC, limits=RouteLimits(rate="2/minute"))
        routes.get("/mine", self.mine, access=SIGNED_IN, limits=RouteLimits(rate="1/minute"))
        routes.get("/trace", self.trace, access=PUBLIC)
        routes.get("/articles/{key:uuid}", self.show, access=PUBLIC)
        routes.patch("/articles/{key:uuid}", self.update, access=PUBLIC)
        routes.delete("/articles/{key:uuid}", self.destroy, access=PUBLIC, status=204)
        return routes.router

    async def index(self, size: Annotated[int, Query(ge=1, le=100_000)] = 10) -> Text:
        return Text(text="x" * size)

    async def store(self, body: Text) -> int:
        return len(body.text)

    async def large(self, body: Text) -> int:
        await asyncio.sleep(0.2)
        return len(body.text)

    async def hook(self, raw: RawBody, body: Text) -> str:
        return f"{raw.decode()}|{body.text}"

    async def login(self) -> str:
        return "in"

    async def mine(self) -> str:
        return "mine"

    async def trace(self) -> str:
        trace = current_trace()
        return trace.header if trace else ""

    async def show(self, key: UUID) -> ArticleOut:
        found = await self._articles.find_by_id(key)
        if found is None:
            raise NotFoundError("there is no such article")
        return ArticleOut.model_validate(found)

    async def update(self, key: UUID, body: Change, seen: IfMatch) -> ArticleOut:
        changed = await self._articles.update(key, body.values(), seen=seen)
        if changed is None:
            raise NotFoundError("there is no such article")
        return ArticleOut.model_validate(changed)

    async def destroy(self, key: UUID, seen: IfMatch) -> None:
        if not await self._articles.delete(key, seen=seen):
            raise NotFoundError("there is no such article")


def compose(database: Database, *, clock: Clock | None = None, **settings: object) -> Kernel:
    kernel = Kernel(KernelSettings.for_tests(**settings), database=database, clock=clock)
    pages = Pages(ArticlesRepository(database))
    kernel.add_module("pages", service=pages, router=pages.router())
    return kernel
