"""Every adapter at once in one generated project, in production, on real servers, chosen by the environment alone."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import sys
from typing import TYPE_CHECKING

import httpx2
import pytest
from moto.server import ThreadedMotoServer

from tests.generated import arckode, must
from tests.kernel.mail_server import smtp_server
from tests.services import redis_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.generates, pytest.mark.anyio, pytest.mark.redis]

SCRIPT = """
import asyncio, json, urllib.request
from shop.composition_root import compose
from shop.kernel.access_tokens import TOKENS, bearer
from shop.kernel.cache import CACHE
from shop.kernel.mail import MAIL, Message
from shop.kernel.queue import QUEUE, QueueSettings
from shop.kernel.queue_worker import Worker
from shop.kernel.storage import STORAGE
from shop.kernel.testing import client
from shop.settings import Settings

async def main():
    kernel = compose(Settings.load())
    async with client(kernel) as http:
        ready = (await http.get("/health/ready")).json()
        cache, storage = kernel.adapter(CACHE), kernel.adapter(STORAGE)
        tokens = kernel.adapter(TOKENS)
        await cache.set("key", {"a": 1}, tags=["tag"])
        found = await cache.get("key")
        await cache.invalidate("tag")
        await kernel.adapter(MAIL).send(Message("ada@example.com", "Hello", "Hello"))
        await Worker(kernel.adapter(QUEUE), kernel.settings.of(QueueSettings)).drain()
        await storage.put("pets/cat.png", b"a picture", content_type="image/png")
        link = await storage.url("pets/cat.png")
        shown = await asyncio.to_thread(lambda: urllib.request.urlopen(link).read())
        who = await bearer(tokens)("Bearer " + await tokens.issue("01a21a04-716f-74f5-84c7-f4fe09d3c32f"))
    kinds = [type(each).__name__ for each in (cache, kernel.adapter(MAIL), storage, tokens)]
    said = {"ready": ready, "found": found, "shown": shown.decode(), "who": str(who.id), "kinds": kinds}
    print(json.dumps(said))

asyncio.run(main())
"""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def bucket() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx2.put(f"http://{host}:{port}/shop").raise_for_status()
    yield f"http://{host}:{port}"
    server.stop()


async def test_the_environment_chooses_every_adapter(everything: Path, tmp_path: Path, bucket: str) -> None:
    address = f"sqlite:///{tmp_path}/shop.db"  # where a queue on Redis keeps what is not committed yet
    must(arckode(everything, "db:migrate", env={"DATABASE_URL": address}))
    async with smtp_server() as inbox:
        chosen = {
            "ENVIRONMENT": "production",
            "DATABASE_URL": address,
            "APP_NAME": f"test-{secrets.token_hex(6)}",
            "CACHE__PROVIDER": "redis",
            "CACHE__URL": redis_url(),
            "RATE_LIMITS__PROVIDER": "redis",
            "RATE_LIMITS__URL": redis_url(),
            "QUEUE__PROVIDER": "redis",
            "QUEUE__URL": redis_url(),
            "SOCKETS__PROVIDER": "redis",
            "SOCKETS__URL": redis_url(),
            "EVENT_BUS_PROVIDER": "redis",
            "STREAMS__PROVIDER": "redis",
            "STREAMS__URL": redis_url(),
            "PUSH__MEMORY_IN_PRODUCTION": "true",  # there is no other that needs nobody else
            "MAIL__PROVIDER": "smtp",
            "MAIL__PORT": str(inbox.port),
            "MAIL__TLS": "none",
            "MAIL__SENDER": "shop@example.com",
            "STORAGE__PROVIDER": "s3",
            "STORAGE__BUCKET": "shop",
            "STORAGE__ENDPOINT": bucket,
            "STORAGE__ACCESS_KEY_ID": "key",
            "STORAGE__SECRET_ACCESS_KEY": "secret",
            "TOKENS__PROVIDER": "jwt",
            "TOKENS__KEYS": json.dumps({"first": {"algorithm": "HS256", "key": "k" * 32}}),
            "ACME_WEBHOOK__SECRET": f"whsec_{base64.b64encode(bytes(32)).decode()}",
            "WEBHOOKS__KEY": base64.b64encode(bytes(32)).decode(),
            "HEALTH_TIMEOUT": "30",
        }
        ended = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCRIPT, cwd=tmp_path,
            env={**os.environ, **chosen, "PYTHONPATH": str(everything / "src")},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await ended.communicate()
        assert ended.returncode == 0, err.decode()
        said = json.loads(out)
        assert said["ready"]["status"] == "ready", said
        checks = {
            "cache",
            "circuit breakers",
            "database",
            "event bus",
            "event store",
            "mail",
            "projections",
            "queue",
            "rate limits",
        }
        checks |= {"sockets", "storage", "streams"}
        assert set(said["ready"]["checks"]) == checks
        assert said["kinds"] == ["RedisCache", "OutboxMail", "S3Storage", "JwtTokens"]
        assert (said["found"], said["shown"]) == ({"a": 1}, "a picture")
        assert [message["Subject"] for message in inbox.messages] == ["Hello"]
