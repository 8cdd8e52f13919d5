"""One chain through everything that a generated project has: a request, commands, events on a broker, jobs and mail."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.generated import arckode, make, must, new_project
from tests.kernel.mail_server import smtp_server
from tests.services import rabbitmq_url

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.generates, pytest.mark.anyio, pytest.mark.rabbitmq]

MADE = (
    ("make:aggregate", "accounts", "owner:str:max=120"),
    ("make:command", "rename_account", "--of", "accounts", "--change", "owner"),
    ("make:job", "send_receipt"),
    ("make:adapter", "smtp"),
    ("make:mail-outbox",),
    ("make:adapter", "bus-rabbitmq"),
    ("make:adapter", "event-relay"),
)
ADA, EVA = UUID("0197f0a1-0000-7000-8000-00000000000a"), UUID("0197f0a1-0000-7000-8000-00000000000e")
WHO, COMMAND = UUID("0197f0a1-0000-7000-8000-0000000000ff"), UUID("0197f0a1-0000-7000-8000-0000000000cc")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SCRIPT = f"""
import asyncio, json
from uuid import UUID, uuid5
from shop.composition_root import compose
from shop.kernel.access import Principal
from shop.kernel.aggregates import Aggregates
from shop.kernel.commands import CommandBus
from shop.kernel.event_bus import EVENT_BUS
from shop.kernel.event_store import EVENT_STORE
from shop.kernel.mail import MAIL, Message
from shop.kernel.queue import QUEUE, QueueSettings
from shop.kernel.queue_worker import Worker
from shop.kernel.testing import client
from shop.modules.accounts.aggregate import ACCOUNTS, CreateAccount
from shop.modules.accounts.commands.rename_account import RenameAccount
from shop.settings import Settings

ADA, EVA = UUID("{ADA}"), UUID("{EVA}")

async def authenticate(_header):
    return Principal(UUID("{WHO}"), None, frozenset({{"accounts:write"}}))

async def main():
    kernel = compose(Settings.load())
    bus, queue, mail = kernel.adapter(EVENT_BUS), kernel.adapter(QUEUE), kernel.adapter(MAIL)
    commands, heard = kernel.resolve(CommandBus), asyncio.Event()

    async def follow(event):
        if event.key == str(ADA) and event.data["owner"] == "Ada":
            command = RenameAccount(account_id=EVA, owner="Eva")
            await commands.execute(command, command_id=uuid5(event.id, "follow"))

    async def tell(event):
        if event.key == str(EVA) and event.data["owner"] == "Eva":
            await queue.dispatch("tell_eva", {{"key": event.key}})
            heard.set()

    async def write(job):
        await mail.send(Message("eva@example.com", "You are Eva now", "Hello"))

    kernel.authenticate_with(authenticate)
    bus.subscribe("accounts.changed", follow, group="follow")
    bus.subscribe("accounts.*", tell, group="tell")
    queue.register("tell_eva", write)
    accounts = Aggregates.of(kernel, ACCOUNTS)
    async with client(kernel) as http:
        for key in (ADA, EVA):
            await accounts.execute(key, CreateAccount(owner="nobody"))
        answer = await http.post(
            f"/accounts/{{ADA}}/rename-account",
            json={{"owner": "Ada"}},
            headers={{
                "X-Request-ID": "request-1",
                "X-Correlation-ID": "chain-1",
                "Command-Id": "{COMMAND}",
                "traceparent": "00-{TRACE}-00f067aa0ba902b7-01",
            }},
        )
        await asyncio.wait_for(heard.wait(), 20)
        await bus.stop()  # what is heard is stored by now
        jobs = await queue.list()
        while (await Worker(queue, kernel.settings.of(QueueSettings)).drain()).done:
            jobs = (*jobs, *(each for each in await queue.list() if each.id not in {{job.id for job in jobs}}))
        store = kernel.adapter(EVENT_STORE)
        events = [(await store.read_stream(f"accounts-{{key}}", first=2))[0].event for key in (ADA, EVA)]
    print(json.dumps({{
        "status": answer.status_code,
        "events": [
            [str(each.id), each.correlation_id, each.causation_id, each.source, dict(each.metadata)] for each in events
        ],
        "jobs": [[str(each.id), each.name, each.correlation_id, dict(each.metadata)] for each in jobs],
    }}))

asyncio.run(main())
"""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = new_project(tmp_path)
    for words in MADE:
        make(root, *words)
    command = root / "src/shop/modules/accounts/commands/rename_account.py"
    guarded = command.read_text().replace("import PUBLIC", "import require")
    command.write_text(guarded.replace("access=PUBLIC", 'access=require("accounts:write")'))
    must(arckode(root, "db:migrate"))
    return root


async def test_a_mail_is_traced_back_to_the_request_that_set_it_off(shop: Path) -> None:
    async with smtp_server() as inbox:
        chosen = {
            "APP_NAME": f"test-{secrets.token_hex(6)}",
            "ENVIRONMENT": "development",
            "EVENT_BUS_PROVIDER": "rabbitmq",
            "EVENT_BUS__RABBITMQ_QUEUES": "classic",
            "EVENT_BUS__PARTITIONS": "1",
            "RABBITMQ_URL": rabbitmq_url(),
            "MAIL__PROVIDER": "smtp",
            "MAIL__PORT": str(inbox.port),
            "MAIL__TLS": "none",
        }
        ended = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCRIPT, cwd=shop,
            env={**os.environ, **chosen, "PYTHONPATH": str(shop / "src")},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await ended.communicate()
        assert ended.returncode == 0, err.decode()
        (mail,) = inbox.messages
    said = json.loads(out)
    assert said["status"] == 200, said
    (first, second), jobs = said["events"], {name: (key, *rest) for key, name, *rest in said["jobs"]}

    # Each link is (itself, what caused it), from the request to the mail.
    links = [
        (str(COMMAND), first[4]["cause"]),
        (first[0], first[2]),
        (second[2], second[4]["cause"]),
        (second[0], second[2]),
        (jobs["tell_eva"][0], jobs["tell_eva"][2]["cause"]),
        (jobs["mail.send"][0], jobs["mail.send"][2]["cause"]),
        ("the mail", mail["X-Causation-ID"]),
    ]
    assert links[0][1] == "request-1"
    for (before, _), (after, cause) in pairwise(links):
        assert cause == before, (after, links)

    assert {first[1], second[1], jobs["tell_eva"][1], jobs["mail.send"][1], mail["X-Correlation-ID"]} == {"chain-1"}
    about = [first[4], second[4], jobs["tell_eva"][2], jobs["mail.send"][2]]
    assert {each["user"] for each in about} == {str(WHO)}
    parents = [*(each["traceparent"] for each in about), mail["Traceparent"]]
    assert {parent.split("-")[1] for parent in parents} == {TRACE}
    assert len({first[0], second[0]} | {parent.split("-")[2] for parent in parents}) >= 4  # a span for each step
    assert [first[3], second[3]] == ["accounts", "accounts"]
