"""Wiring that comes too late (ARC607): near misses and dodges beyond the rule's own examples."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, places

ROOT = "src/shop/composition_root.py"

CASES: dict[str, dict[str, str]] = {
    "behind asgi, in every spelling": {
        ROOT: """\
from shop.kernel.app import Kernel
from shop.kernel.app import Kernel as Anything

def wire(kernel: Kernel):
    kernel.events.on("a", print)

def make(kernel: Kernel):
    return kernel.asgi()

def one(settings):
    kernel = Anything(settings)
    wire(kernel)
    app = kernel.asgi()
    wire(kernel)  # error: ARC607
    kernel.add_probe("x", print)  # error: ARC607
    kernel.on_stop(print)  # error: ARC607
    kernel.queue.register("a", print)  # error: ARC607
    kernel.scheduler.every(60, print)  # error: ARC607
    kernel.authenticate_with(print)  # error: ARC607
    return app

def two(settings):
    kernel = Kernel(settings)
    app = make(kernel)
    kernel.events.once("a", print)  # error: ARC607
    kernel.resolve(object)
    return app

def three(settings):
    kernel = Kernel(settings)
    if settings.production:
        return kernel.asgi()
    wire(kernel)
    return kernel.asgi()

def four(settings):
    return make(compose(settings))

def compose(settings):
    kernel = Kernel(settings)
    wire(kernel)
    return kernel

async def five(settings):
    kernel = Kernel(settings)
    app = kernel.asgi()
    await kernel.events.emit("a", {})
    await kernel.queue.dispatch("a", {})
    return app
""",
    },
    "in what serves requests, events and jobs": {
        ROOT: """\
from shop.kernel.app import Kernel
from shop.modules.orders.handlers import Handlers, job
from shop.modules.orders.controller import router

def compose(settings):
    kernel = Kernel(settings)
    handlers = Handlers(kernel)
    kernel.events.on("a", handlers.on_a)
    kernel.queue.register("j", job)
    kernel.add_module("orders", service=handlers, router=router)
    return kernel
""",
        "src/shop/modules/orders/handlers.py": """\
from shop.kernel.app import Kernel
from shop.kernel.jobs import Queue
from shop.kernel.schema import Schema

class Handlers:
    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    async def on_a(self, event):
        await self._deeper(event)

    async def _deeper(self, event):
        self._kernel.events.on("b", self.on_a)  # error: ARC607

    def unused(self):
        self._kernel.events.on("c", self.on_a)

async def job(body, queue: Queue, schema: Schema):
    queue.register("k", print)  # error: ARC607
    await schema.sync()  # error: ARC607
""",
        "src/shop/modules/orders/controller.py": """\
from fastapi import APIRouter, FastAPI
from shop.kernel.database import Database
from shop.kernel.sockets import WebSockets as Anything

router = APIRouter(prefix="/orders")
app = FastAPI()

class Lamp:
    def attach(self, server): ...
    def sync(self): ...

@router.get("/sockets")
async def sockets(sockets: Anything, lamp: Lamp):
    sockets.attach(app)  # error: ARC607
    await sockets.broadcast("a", {})
    lamp.attach(app)
    lamp.sync()

@router.get("/tables")
async def tables(database: Database):
    await database.create_tables()  # error: ARC607
    app.add_middleware(Lamp)  # error: ARC607
    app.mount("/x", app)  # error: ARC607

app.include_router(router)
app.add_middleware(Lamp)
""",
    },
    "tables and models made by requests, in every spelling": {
        "src/app/main.py": """\
from contextlib import asynccontextmanager
from fastapi import FastAPI
from sqlalchemy import MetaData, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlmodel import SQLModel
from shop.kernel.model import Entity
from shop.kernel.schema_sync import sync_schema as anything

class Base(DeclarativeBase): ...
class Toys:
    def create_all(self, engine): ...

engine, tables, toys = create_engine("sqlite://"), MetaData(), Toys()

@asynccontextmanager
async def lifespan(app: FastAPI):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield

app = FastAPI(lifespan=lifespan)

@app.on_event("startup")
def start():
    Base.metadata.create_all(engine)

@app.post("/tables")
async def make(database, connection):
    await anything(database, production=False)  # error: ARC607
    Base.metadata.create_all(engine)  # error: ARC607
    Entity.metadata.create_all(engine)  # error: ARC607
    SQLModel.metadata.create_all(engine)  # error: ARC607
    tables.create_all(engine)  # error: ARC607
    await connection.run_sync(Base.metadata.create_all)  # error: ARC607
    toys.create_all(engine)
    await connection.run_sync(toys.create_all)

@app.post("/models/{name}")
async def model(name: str):
    class Made(Base):  # error: ARC607
        __tablename__ = "made"
        id: Mapped[int] = mapped_column(primary_key=True)
    class Shown:
        id: int
    return Made, Shown

def seldom():
    class Other(Base):
        __tablename__ = "others"
        id: Mapped[int] = mapped_column(primary_key=True)
    Base.metadata.create_all(engine)
    return Other
""",
    },
    "start hooks may prepare, and may not add": {
        ROOT: """\
from shop.kernel.app import Kernel

def compose(settings):
    kernel = Kernel(settings)

    async def prepare():
        await kernel.schema.sync()
        kernel.events.on("a", print)
        kernel.authenticate_with(print)  # error: ARC607
        kernel.on_start(print)  # error: ARC607

    kernel.on_start(prepare)
    kernel.on_stop(kernel.database.close)
    return kernel
""",
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in CASES.items()])
def test_what_is_wired_too_late_is_found(files: dict[str, str]) -> None:
    assert places(files, "ARC607") == expected(files)
