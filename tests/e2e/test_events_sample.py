"""The sample system of the event layer as it is met: over HTTP, with mail, a broker, and processes that end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
import redis.asyncio

from tests.e2e.test_databases import scratch
from tests.generated import arckode, compiled, make, must, new_project, run, tool, tree
from tests.kernel.mail_server import smtp_server
from tests.own_servers import free_port
from tests.services import postgres_url, redis_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from urllib.parse import SplitResult

    from tests.kernel.mail_server import Inbox

pytestmark = [pytest.mark.generates, pytest.mark.anyio]

ADA = "ada@example.com"
# What a project of one's own writes: a service that takes push notifications, here a file.
SERVICE = """

class Phones:
    async def send(self, message: PushMessage) -> None:
        with Path(os.environ["PHONES"]).open("a") as file:
            file.write(f"{message.to}: {message.title}: {message.body}\\n")
"""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the sample, and put a service behind its push notifications."""
    root = new_project(tmp_path_factory.mktemp("sample"))
    make(root, "make:sample", "events")
    return compiled(root)


@pytest.fixture(scope="module")
def with_phones(sample: Path) -> Path:
    """Put a service behind its push notifications; what holds for the sample as it is made is tested before."""
    place = sample / "src/shop/composition_root.py"
    text = place.read_text().replace("\n\n\ndef compose", f"\n{SERVICE}\n\ndef compose")
    text = text.replace(
        "    use_push_outbox(kernel)", "    kernel.provide(PUSH, Phones())\n    use_push_outbox(kernel)"
    )
    imports = "import os\nfrom pathlib import Path\n\nfrom shop.kernel.push import PUSH, PushMessage\n"
    place.write_text(text.replace("\n\nfrom shop", f"\n\n{imports}from shop", 1))
    return compiled(sample)


@pytest.fixture
def postgres() -> Iterator[SplitResult]:
    with scratch(postgres_url()) as url:
        yield urlsplit(url)


def test_it_passes_every_check_and_its_own_tests(sample: Path) -> None:
    for words in (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)):
        must(tool(sample, *words))
    assert "0 findings" in must(arckode(sample, "analyze")).stdout
    assert "nothing to do" in must(arckode(sample, "make:sample", "events")).stdout
    # The tests of the adapters are everybody's.
    must(tool(sample, "pytest", "-q", "--ignore=tests/adapters", "-p", "no:cacheprovider"))


class Process:
    """A process of the sample, and what it said."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text()

    async def stop(self) -> None:
        """Ask it to end, and demand that it ends well; uvicorn passes the signal on once it has."""
        self.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(self.process.wait(), 30) in {0, -signal.SIGTERM}, self.said
        assert "the worker stopped" in self.said or "Application shutdown complete" in self.said
        assert "Traceback" not in self.said, self.said


@asynccontextmanager
async def started(root: Path, log: Path, env: Mapping[str, str], *words: str) -> AsyncGenerator[Process]:
    base = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "PYTEST_", "COV_"))}
    with log.open("a") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *words, cwd=root / "src", env={**base, **env}, stdout=file, stderr=file
        )
    try:
        yield Process(process, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def served(root: Path, log: Path, env: Mapping[str, str]) -> AsyncGenerator[tuple[Process, httpx2.AsyncClient]]:
    port = free_port()
    async with (
        started(root, log, env, "uvicorn", "shop.main:app", "--port", str(port)) as process,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
    ):
        for _ in range(300):
            try:
                if (await http.get("/health/live")).is_success:
                    break
            except httpx2.TransportError:
                await asyncio.sleep(0.1)
        yield process, http


async def until(seen: Callable[[], Sequence[str]], count: int, said: Callable[[], str]) -> Sequence[str]:
    for _ in range(300):
        if len(seen()) >= count:
            break
        await asyncio.sleep(0.1)
    assert len(seen()) == count, f"{seen()}\n{said()}"
    return seen()


def subjects(inbox: Inbox) -> list[str]:
    return [str(message["Subject"]) for message in inbox.messages]


async def done(http: httpx2.AsyncClient, accepted: httpx2.Response) -> dict[str, object]:
    """Follow an accepted command to its end."""
    assert accepted.status_code == 202, accepted.text
    said: dict[str, object] = {}
    for _ in range(100):
        said = (await http.get(accepted.json()["statusUrl"])).json()
        if said["status"] != "accepted":
            break
        await asyncio.sleep(0.1)
    return said


async def story(http: httpx2.AsyncClient, reader: httpx2.AsyncClient, inbox: Inbox, said: Callable[[], str]) -> str:
    """Let a user be created, verified and sent an order; answer its id."""
    body = {"email": ADA, "firstName": "Ada", "lastName": "Lovelace"}
    accepted = await http.post("/users", json=body)
    assert (await done(http, accepted))["status"] == "done", said()
    again = await done(http, await http.post("/users", json={**body, "email": "ADA@example.com"}))
    assert (again["status"], cast("dict[str, object]", again["problem"])["status"]) == ("failed", 409)
    user = str(accepted.json()["aggregateId"])

    await until(lambda: subjects(inbox), 1, said)
    (link,) = re.findall(r"https://\S+", str(inbox.messages[0].get_body(("plain",)).get_content()))  # type: ignore[union-attr]
    assert link.startswith("https://shop.example/verify-email?user=" + user)
    proof = {name: value for name, value in parse_qsl(urlsplit(link).query) if name != "user"}
    assert (await http.post(f"/users/{user}/verify-email", json={**proof, "signature": "0" * 64})).status_code == 403
    assert (await http.post(f"/users/{user}/verify-email", json=proof)).status_code == 200
    await until(lambda: subjects(inbox), 2, said)

    line = {"name": "Tea", "quantity": 2, "price": "9.95"}
    placed = await http.post("/orders", json={"userId": user, "lines": [line]})
    order = f"/orders/{placed.json()['aggregateId']}"
    assert (await http.post(f"{order}/complete")).status_code == 200
    await until(lambda: subjects(inbox), 3, said)
    parcel = {"trackingNumber": "T1", "trackingUrl": "https://parcels.example/T1", "estimatedDelivery": "2026-03-05"}
    shipped = await http.post(f"{order}/ship", json=parcel)
    number = (await http.get(order)).json()["number"]
    assert await until(lambda: subjects(inbox), 4, said) == [
        "Welcome, Ada",
        "Your address is confirmed",
        f"Your order {number}",
        f"Your order {number} is on its way",
    ]

    seen = {"event-position": shipped.json()["position"]}
    found = (await reader.get("/users/search", params={"q": "lovel"}, headers=seen)).json()["data"]
    assert [(row["totalOrders"], row["totalSpent"], row["emailVerified"]) for row in found] == [(1, "19.90", True)]
    counted = (await reader.get("/analytics/users", headers=seen)).json()
    assert counted == {"total": 1, "active": 1, "verified": 1, "totalSpent": "19.90"}
    assert (await reader.get(f"/users/{user}")).json() == found[0]
    return user


GROUPS = {
    "announce_shipping": 1,
    "confirm_address": 1,
    "confirm_order": 1,
    "send_mail": 5,
    "send_push": 5,
    "welcome": 1,
}


async def handled(*clients: httpx2.AsyncClient) -> dict[str, int]:
    """Add up what processes handled."""
    total = dict.fromkeys(GROUPS, 0)
    for http in clients:
        groups = (await http.get("/events/metrics")).json()["groups"]
        total = {name: total[name] + groups[name]["handled"] for name in GROUPS}
    return total


def settings(folder: Path, inbox: Inbox, **more: str) -> dict[str, str]:
    return {
        "EVENT_BUS__METRICS": "true",
        "FRONTEND_URL": "https://shop.example/",
        "HEALTH_TIMEOUT": "30",
        "MAIL__PORT": str(inbox.port),
        "MAIL__PROVIDER": "smtp",
        "MAIL__TLS": "none",
        "PHONES": str(folder / "phones.txt"),
        "PUSH__PROVIDER": "own",
        "VERIFICATION__SECRET": "a secret of the tests, long enough",
        **more,
    }


def phones(folder: Path) -> list[str]:
    file = folder / "phones.txt"
    return file.read_text().splitlines() if file.is_file() else []


async def test_one_process_on_sqlite_does_everything_and_a_restart_does_nothing_twice(
    with_phones: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    async with smtp_server() as inbox:
        env = settings(tmp_path, inbox, DATABASE_URL=f"sqlite:///{tmp_path}/shop.db", QUEUE__RUN_IN_APP="true")
        must(arckode(with_phones, "db:migrate", env=env))
        async with served(with_phones, log, env) as (process, http):
            health = (await http.get("/health")).json()
            assert health["status"] == "ready", health
            assert {"database", "event bus", "event store", "mail", "projections"} == set(health["checks"])
            user = await story(http, http, inbox, lambda: process.said)
            assert await until(lambda: phones(tmp_path), 1, lambda: process.said)
            assert phones(tmp_path)[0].startswith(f"{user}: Order shipped: Your order ")
            assert await handled(http) == GROUPS
            assert 'events_handled_total{group="welcome"} 1' in (await http.get("/events/metrics/prometheus")).text
            await process.stop()
        async with served(with_phones, log, env) as (process, http):
            assert (await http.get(f"/users/{user}")).json()["totalOrders"] == 1
            assert (await http.get(f"/users/{user}/versions/1")).json()["emailVerified"] is False
            gone = await http.post(f"/users/{user}/deactivate", json={"reason": "moved away"})
            seen = {"event-position": gone.json()["position"]}
            assert (await http.get("/users", params={"isActive": "false"}, headers=seen)).json()["total"] == 1
            refused = await http.post(
                "/orders", json={"userId": user, "lines": [{"name": "Tea", "quantity": 1, "price": "1"}]}
            )
            assert (refused.status_code, refused.json()["code"]) == (409, "user_deactivated")
            await process.stop()
        assert (len(inbox.messages), len(phones(tmp_path))) == (4, 1)


@pytest.mark.postgres
@pytest.mark.redis
async def test_processes_on_postgresql_and_redis_share_the_work_in_production(
    with_phones: Path, tmp_path: Path, postgres: SplitResult
) -> None:
    log, broker = tmp_path / "log", urlsplit(redis_url())
    app = f"test-{secrets.token_hex(6)}"
    async with AsyncExitStack() as stack:
        inbox = await stack.enter_async_context(smtp_server())
        env = settings(
            tmp_path,
            inbox,
            APP_NAME=app,
            DB_HOST=postgres.hostname or "",
            DB_NAME=postgres.path.lstrip("/"),
            DB_PASS=postgres.password or "",
            DB_PORT=str(postgres.port or 5432),
            DB_USER=postgres.username or "",
            ENVIRONMENT="production",
            EVENT_BUS_PROVIDER="redis",
            EVENT_STORE_PROVIDER="postgresql",
            REDIS_EVENTS_BUS_DB=broker.path.lstrip("/") or "0",
            REDIS_HOST=broker.hostname or "",
            REDIS_PORT=str(broker.port or 6379),
        )
        stack.push_async_callback(forget, app)
        must(arckode(with_phones, "db:migrate", env=env))
        processes, clients = zip(
            *[await stack.enter_async_context(served(with_phones, log, env)) for _ in range(2)], strict=True
        )
        worker = await stack.enter_async_context(started(with_phones, log, env, "shop.kernel.worker"))
        user = await story(clients[0], clients[1], inbox, lambda: worker.said)
        assert [each.partition(":")[0] for each in await until(lambda: phones(tmp_path), 1, lambda: worker.said)] == [
            user
        ]
        assert sum((await handled(*clients)).values()) <= sum(GROUPS.values())  # the worker handles some
        for process in (*processes, worker):
            await process.stop()
        assert len(inbox.messages) == 4


async def forget(app: str) -> None:
    """Delete what a test left on Redis."""
    async with redis.asyncio.from_url(redis_url()) as client:
        keys = [key async for key in client.scan_iter(match=f"*{app}*")]
        if keys:
            await client.delete(*keys)


WRONG = (
    ({"EVENT_BUS_PROVIDER": "reddis"}, "EVENT_BUS_PROVIDER: 'reddis' is unknown; choose 'memory', 'redis'"),
    ({"EVENT_STORE_PROVIDER": "posgres"}, "EVENT_STORE_PROVIDER: 'posgres' is unknown; choose 'memory'"),
    ({"FRONTEND_URL": "shop.example"}, "FRONTEND_URL: Input should be a valid URL"),
    ({"DB_HOST": "db"}, "settings: DB_NAME and DB_USER must be set where DB_HOST is"),
    ({"REDIS_PORT": "63790000"}, "REDIS_PORT: Input should be less than or equal to 65535"),
    (
        {"ENVIRONMENT": "production", "DATABASE_URL": "sqlite:///./x.db"},
        "settings: EVENT_BUS_PROVIDER is memory, which a restart empties",
    ),
)
LOADING = """
import json, os, sys
from shop.settings import Settings
for env in json.load(sys.stdin):
    os.environ.update(env)
    try:
        Settings.load()
    except SystemExit as ended:
        print(ended)
    for name in env:
        del os.environ[name]
"""


def test_what_the_environment_says_wrong_ends_the_program_with_a_line(sample: Path) -> None:
    asked = json.dumps([env for env, _ in WRONG])
    said = must(run(sample / "src", sys.executable, "-c", LOADING, stdin=asked)).stdout.splitlines()
    assert len(said) == len(WRONG)
    for line, (_, start) in zip(said, WRONG, strict=True):
        assert line.startswith(start)


UNPROVIDED = (
    "EVENT_STORE_PROVIDER is 'mongodb', and the composition root provides no such adapter for the EventStoreSettings; "
    "add it with `arckode make:adapter event-store-mongodb`, or choose another"
)


def test_a_provider_without_its_adapter_ends_each_program_and_command_with_a_line(sample: Path) -> None:
    env = {"EVENT_STORE_PROVIDER": "mongodb"}
    for words in (("uvicorn", "shop.main:app"), ("shop.kernel.worker",)):
        ended = run(sample / "src", sys.executable, "-m", *words, env=env)
        assert (ended.code, ended.text.strip()) == (1, UNPROVIDED)
    asked = arckode(sample, "queue:list", env=env)
    assert UNPROVIDED in asked.text
    assert "WiringError" not in asked.text
    assert "Traceback" not in asked.text


def test_two_handlers_of_one_command_end_the_program_with_a_line(sample: Path) -> None:
    twice = "import shop.composition_root as root\n"
    twice += "compose = root.compose\nfrom shop.kernel.commands import CommandBus\n"
    twice += "def again(settings):\n    kernel = compose(settings)\n    bus = kernel.resolve(CommandBus)\n"
    twice += "    there = next(iter(bus.handlers.kinds))\n    bus.register(there, again)\n    return kernel\n"
    twice += "root.compose = again\nimport shop.main\n"
    ended = run(sample / "src", sys.executable, "-c", twice)
    assert ended.code == 1
    assert ended.text.count("\n") == 1
    assert " has two handlers, " in ended.text
    assert ended.text.endswith("again; register one\n")


def test_it_comes_out_again_and_what_it_was_made_of_stays_whole(tmp_path: Path) -> None:
    root = new_project(tmp_path / "one")
    make(root, "make:sample", "events")
    mine = root / "src/shop/modules/orders/service.py"
    generated = mine.read_text()
    mine.write_text('"""Mine."""\n')
    gone = arckode(root, "destroy:sample", "events")
    assert gone.code == 3
    assert "kept: src/shop/modules/orders/service.py: edited since it was written" in gone.text
    assert not (root / "src/shop/modules/notifications/service.py").exists()
    for name in ("users/aggregate.py", "users/controller.py", "user_overviews/projection.py"):
        made = root / "src/shop/modules" / name
        assert made.read_bytes() == (root / ".arckode/base/src/shop/modules" / name).read_bytes()
    must(arckode(root, "undo"))
    mine.write_text(generated)
    must(arckode(root, "undo"))
    assert tree(root) == tree(new_project(tmp_path / "another"))


def test_people_sign_in_beside_it_whichever_was_made_first(tmp_path: Path) -> None:
    """The sample's users are what happened to them, and those who sign in are rows: two things with two names."""
    sign_in = ("make:auth", "--prefix", "staff")
    first, second = new_project(tmp_path / "one"), new_project(tmp_path / "two")
    for words in (sign_in, ("make:sample", "events")):
        make(first, *words)
    for words in (("make:sample", "events"), sign_in):
        make(second, *words)
    same = ("src/shop/composition_root.py", "src/shop/settings.py", "pyproject.toml", "compose.yaml")
    assert [(first / name).read_bytes() for name in same] == [(second / name).read_bytes() for name in same]
    assert tree(first / "src/shop/modules") == tree(second / "src/shop/modules")
    compiled(second)
    assert "0 findings" in must(arckode(second, "analyze")).stdout
    must(tool(second, "mypy"))
    folders = (
        "tests/modules/orders",
        "tests/modules/users",
        "tests/modules/staff_users",
        "tests/test_events_sample.py",
    )
    must(tool(second, "pytest", "-q", "-p", "no:cacheprovider", *folders, "tests/modules/staff_auth/test_login.py"))
