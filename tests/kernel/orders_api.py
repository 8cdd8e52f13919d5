"""A small module as the generator writes one, to be asked over HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime  # noqa: TC003  pydantic and FastAPI read annotations at run time
from decimal import Decimal  # noqa: TC003
from typing import TYPE_CHECKING, Annotated, ClassVar
from uuid import UUID  # noqa: TC003

from fastapi import Query
from pydantic import SecretStr  # noqa: TC002

from kernel.access import PUBLIC, require
from kernel.app import Kernel
from kernel.errors import NotFoundError
from kernel.http.query import QueryModel, Search
from kernel.http.routing import CurrentPrincipal, ModuleRouter
from kernel.http.schema import ApiModel, Email, PageOut
from kernel.settings import KernelSettings
from tests.kernel.backends import ArticlesRepository
from tests.kernel.samples import Article, Colour

if TYPE_CHECKING:
    from fastapi import APIRouter

    from kernel.database import Database


class ArticleCreate(ApiModel):
    code: str
    title: str = "untitled"
    price: Decimal | None = None
    colour: Colour | None = None
    sold_at: datetime | None = None
    metadata_: dict[str, object] | None = None


class ArticleOut(ApiModel):
    id: UUID
    code: str
    title: str
    price: Decimal | None
    colour: Colour | None
    sold_at: datetime | None
    metadata_: dict[str, object] | None
    created_at: datetime
    updated_at: datetime


class ArticleQuery(QueryModel):
    filterable: ClassVar[tuple[str, ...]] = ("colour", "price", "title", "sold_at")
    sortable: ClassVar[tuple[str, ...]] = ("created_at", "code")
    searchable: ClassVar[tuple[str, ...]] = ("code", "title")

    search: Search | None = None
    colour: Colour | None = None
    colour_in: list[Colour] | None = None
    price_gte: Decimal | None = None
    title_icontains: str | None = None


class Login(ApiModel):
    email: Email
    password: SecretStr


class ArticlesService:
    def __init__(self, articles: ArticlesRepository) -> None:
        self.articles = articles


class ArticlesController:
    def __init__(self, service: ArticlesService) -> None:
        self._articles = service.articles

    def router(self) -> APIRouter:
        routes = ModuleRouter("articles")
        routes.get("", self.index, access=PUBLIC)
        routes.post("", self.store, access=PUBLIC, status=201)
        routes.get("/{article_id:uuid}", self.show, access=PUBLIC)
        routes.delete("/{article_id:uuid}", self.destroy, access=PUBLIC, status=204)
        routes.get("/search", self.search, access=PUBLIC)
        routes.post("/login", self.login, access=PUBLIC)
        routes.get("/mine", self.mine, access=require("articles:read"))
        routes.get("/crash", self.crash, access=PUBLIC)
        routes.get("/slow", self.slow, access=PUBLIC)
        return routes.router

    async def index(self, query: Annotated[ArticleQuery, Query()]) -> PageOut[ArticleOut]:
        asked = query.listing()
        page = await self._articles.paginate(
            asked.filters, page=asked.page, limit=asked.limit, order_by=asked.order_by, total=asked.total
        )
        return PageOut[ArticleOut].model_validate(page)

    async def store(self, body: ArticleCreate) -> ArticleOut:
        return ArticleOut.model_validate(await self._articles.create(body.values()))

    async def show(self, article_id: UUID) -> ArticleOut:
        found = await self._articles.find_by_id(article_id)
        if found is None:
            raise NotFoundError("There is no such article.")
        return ArticleOut.model_validate(found)

    async def destroy(self, article_id: UUID) -> None:
        await self._articles.delete(article_id)

    async def search(self) -> str:
        return "found"

    async def login(self, body: Login) -> str:
        return body.email

    async def mine(self, principal: CurrentPrincipal) -> UUID:
        return principal.id

    async def crash(self) -> str:
        raise RuntimeError("the secret is 12345")

    async def slow(self) -> str:
        await asyncio.sleep(30)
        return "late"


def compose(database: Database, **settings: object) -> Kernel:
    values = {"environment": "test", "app_name": "shop", "cors_origins": ("https://shop.example",), **settings}
    kernel = Kernel(KernelSettings.model_validate(values), database=database)
    service = ArticlesService(ArticlesRepository(database))
    kernel.add_module("articles", service=service, router=ArticlesController(service).router())
    return kernel


__all__ = ["Article", "ArticleOut", "ArticlesService", "compose"]
