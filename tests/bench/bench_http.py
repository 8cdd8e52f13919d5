"""What a request costs in a generated project, against the same API by hand (`python -m tests.bench.bench_http`).

CPU time of the whole process (the database's thread counts) for one request at a time, without a socket. The contenders
take turns request by request, so that whatever else the machine does hits all of them alike. Ratios of medians.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import create_async_engine

from kernel.database_url import async_url
from tests.bench import handwritten_api
from tests.generated import arckode, must, new_project

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message

ROUNDS = int(os.environ.get("ARCKODE_BENCH_ROUNDS", "1500"))
ROWS = 20
_SETTLED = [[b"host", b"bench"], [b"accept", b"application/json"], [b"accept-encoding", b"identity"]]
_BEST = {"GET": 1.10, "list 20": 1.10, "POST": 1.15}
_USUAL, _LAYERS = 1.00, 1.20


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    app: ASGIApp
    key: str


async def ask(app: ASGIApp, method: str, path: str, query: str = "", body: bytes = b"") -> Answer:
    """Send one request straight into an application."""
    sent: list[Message] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "http",
        "headers": [*_SETTLED, [b"content-type", b"application/json"], [b"content-length", str(len(body)).encode()]],
        "client": ("127.0.0.1", 1),
        "server": ("bench", 80),
        "state": {},
    }
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return pending.pop() if pending else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    whole = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], whole)


def generated(folder: Path) -> tuple[ASGIApp, ASGIApp, Any]:
    """Answer a generated application without and with its layers, and its database."""
    root = new_project(folder)
    must(
        arckode(
            root, "make:module", "orders", *"name:str:max=120 total:decimal=12.2:min=0".split(), STATUS, "note:str:null"
        )
    )
    sys.path[:0] = [str(root / "src")]
    compose = importlib.import_module("shop.composition_root").compose
    settings = importlib.import_module("shop.settings").Settings
    url = f"sqlite:///{folder}/generated.db"
    kernel = compose(settings.for_tests(database_url=url, log_level="WARNING"))
    bare, full = kernel.asgi(), kernel.asgi()
    bare.user_middleware.clear()
    logging.getLogger("kernel").setLevel(logging.CRITICAL)
    return bare, full, kernel.database


STATUS = "status:enum=draft/paid:default=draft"


async def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare, full, database = generated(folder)
        await database.create_tables()
        engine = create_async_engine(async_url(f"sqlite:///{folder}/hand.db"))
        async with engine.begin() as connection:
            await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            await connection.run_sync(handwritten_api.Base.metadata.create_all)
        apps: dict[str, ASGIApp] = {
            "usual": handwritten_api.usual(engine),
            "best": handwritten_api.best(engine),
            "generated": bare,
            "with layers": full,
        }
        contenders = [Contender(label, app, await _filled(app)) for label, app in apps.items()]
        sizes = {len((await ask(each.app, "GET", "/orders", "limit=20")).body) for each in contenders}
        assert len(sizes) == 1, f"the answers differ: {sizes}"
        medians = {
            "GET": await _race(contenders, "GET"),
            "list 20": await _race(contenders, "list 20"),
            "POST": await _race(contenders, "POST"),
        }
        await engine.dispose()
        await database.close()
    return _told(medians)


async def _filled(app: ASGIApp) -> str:
    """Store some rows and answer the key of one; both databases have as many in the end."""
    key = ""
    for number in range(ROWS // 2):
        answer = await ask(app, "POST", "/orders", body=_body(number))
        assert answer.status == 201, answer
        key = json.loads(answer.body)["id"]
    return key


def _body(number: int) -> bytes:
    return json.dumps({"name": f"order {number}", "total": "12.50", "status": "paid", "note": "as a gift"}).encode()


async def _race(contenders: list[Contender], what: str) -> dict[str, float]:
    times: dict[str, list[int]] = {each.name: [] for each in contenders}
    gc.collect()
    gc.disable()
    rounds = ROUNDS if what != "POST" else ROUNDS // 2
    for turn in range(rounds + 50):
        order = contenders[turn % len(contenders) :] + contenders[: turn % len(contenders)]
        for each in order:
            began = time.process_time_ns()
            if what == "GET":
                answer = await ask(each.app, "GET", f"/orders/{each.key}")
            elif what == "list 20":
                answer = await ask(each.app, "GET", "/orders", "limit=20")
            else:
                answer = await ask(each.app, "POST", "/orders", body=_body(turn))
            took = time.process_time_ns() - began
            assert answer.status in {200, 201}, answer
            if turn >= 50:
                times[each.name].append(took)
        if turn % 100 == 0:
            gc.collect()
    gc.enable()
    return {name: statistics.median(each) / 1000 for name, each in times.items()}


def _told(medians: dict[str, dict[str, float]]) -> int:
    print(f"{'':10}" + "".join(f"{name:>14}" for name in next(iter(medians.values()))) + "   microseconds of CPU, p50")
    missed = []
    for what, found in medians.items():
        print(f"{what:10}" + "".join(f"{value:14.0f}" for value in found.values()))
        ratios = {
            "against the best by hand": (found["generated"] / found["best"], _BEST[what]),
            "against the usual by hand": (found["generated"] / found["usual"], _USUAL),
            "layers": (found["with layers"] / found["generated"], _LAYERS),
        }
        for name, (ratio, goal) in ratios.items():
            print(f"  {name:26} {ratio:5.2f}x  goal {goal:.2f}x")
            missed += [f"{what} {name}"] if ratio > float(goal) else []
    print("all goals are met" if not missed else f"missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
