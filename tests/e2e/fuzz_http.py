"""Run inside a generated project: sends junk to every field of some modules and prints what answered 5xx or changed.

    python fuzz_http.py ROOT SEED REQUESTS

The database is in memory, or TEST_DATABASE_URL. Prints one JSON list of findings.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import random
import sys

JUNK: list[object] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 1e300, 1.5, 10**400, float("inf"), float("nan")),
    *("", "a", "\x00", "\ud800", "x" * 300, "x" * 70_000, "\u00e9", "\U0001f600" * 100, "%", "_", "'", '"', "\\"),
    *(
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "10:00",
        "10:00Z",
    ),
    *("NaN", "Infinity", "-0", "1e5", "0.001", "12345678901234567890", "AA==", "a@b.c", "http://x.y", "http://["),
    *("00000000-0000-0000-0000-000000000000", [], {}, [1], ["a"], {"a": 1}, [None], [[["a"]]]),
    *({"a": "\x00"}, ["\x00"], {"\x00": 1}, {"a": float("inf")}),
]
MODULES = (("things", "thing"), ("orders", "order"), ("pedidos", "pedido"), ("articles", "article"))


async def main(root: str, seed: int, requests: int) -> None:
    sys.path[:0] = [f"{root}/src", root]
    os.chdir(root)
    logging.disable(logging.CRITICAL)
    compose = importlib.import_module("shop.composition_root").compose
    settings = importlib.import_module("shop.settings").Settings
    testing = importlib.import_module("shop.kernel.testing")
    chance = random.Random(seed)
    findings: list[object] = []
    async with testing.fresh_database() as database:
        kernel = compose(settings(environment="test"), database=database)
        async with testing.client(kernel) as client:
            document = (await client.get("/openapi.json")).json()
            for many, one in MODULES:
                factory = importlib.import_module(f"tests.modules.{many}.factory")
                body, store = getattr(factory, f"{one}_body"), getattr(factory, f"store_{one}")
                stored = await store(client)
                fields = list(document["components"]["schemas"][f"{one.capitalize()}Create"]["properties"])
                queries = [parameter["name"] for parameter in document["paths"][f"/{many}"]["get"]["parameters"]]
                for _ in range(requests):
                    junk = {field: chance.choice(JUNK) for field in chance.sample(fields, min(3, len(fields)))}
                    kind = chance.choice(["post", "patch", "get"])
                    if kind == "get":
                        words = {name: _word(chance.choice(JUNK)) for name in chance.sample(queries, 2)}
                        answer = await client.get(f"/{many}", params=words)
                    else:
                        path = f"/{many}" if kind == "post" else f"/{many}/{stored['id']}"
                        sent = json.dumps({**body(), **junk} if kind == "post" else junk)
                        headers = {"content-type": "application/json"}
                        answer = await client.request(kind.upper(), path, content=sent, headers=headers)
                    if answer.status_code >= 500:
                        findings.append([many, kind, _word(words if kind == "get" else junk), answer.text[:200]])
                    if answer.status_code == 201:
                        shown = await client.get(f"/{many}/{answer.json()['id']}")
                        if shown.json() != answer.json():
                            findings.append([many, "differs", _word(junk), shown.text[:200]])
    print(json.dumps(findings))


def _word(value: object) -> str:
    return str(value)[:2000].encode("utf-8", "replace").decode()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
