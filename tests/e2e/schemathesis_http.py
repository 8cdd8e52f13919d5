"""Run inside a generated project: lets schemathesis try every operation of its API and prints what it found.

    python schemathesis_http.py ROOT EXAMPLES SEED

The application runs in this process on a database in memory. Prints one JSON object: `operations`, `requests` and the
`findings`.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import sys
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance


def main(root: str, examples: int, start: int) -> None:
    sys.path[:0] = [f"{root}/src", root]
    os.chdir(root)
    app = _app()
    logging.disable(logging.CRITICAL)
    load_all_checks()
    findings: list[str] = []
    counts = {"operations": 0, "requests": 0}
    schema: Any = schemathesis.openapi.from_asgi("/openapi.json", app)
    for result in schema.get_all_operations():
        operation = result.ok()
        counts["operations"] += 1
        is_endless = _is_endless(operation.definition.raw)

        @seed(start)
        @settings(
            max_examples=min(examples, 2) if is_endless else examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def attempt(case: Any) -> None:
            counts["requests"] += 1
            response = case.call()  # it starts the application, once
            assert response.status_code != 422 or _is_told(response.json()), response.text
            case.validate_response(response, excluded_checks=[positive_data_acceptance])

        try:
            attempt()
        except BaseException as found:  # noqa: BLE001  a group of whatever checks failed
            findings.append(f"{operation.label}: {_told(found)}")
    print(json.dumps(counts | {"findings": findings}))


def _is_told(problem: dict[str, Any]) -> bool:
    """Say whether a refusal that no schema foretells, of a reference to nothing or a key used twice, says of what."""
    return bool(problem["errors"]) or problem["code"] == "idempotency_key_reused"


def _is_endless(operation: dict[str, Any]) -> bool:
    """Say whether what answers is a stream of events, which ends when schemathesis stops waiting, after 10 s."""
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})


def _app() -> Any:
    compose = importlib.import_module("shop.composition_root").compose
    settings_class = importlib.import_module("shop.settings").Settings
    database = importlib.import_module("shop.kernel.database").Database("sqlite://")
    kernel = compose(settings_class.for_tests(), database=database)
    kernel.on_start(database.create_tables)
    projections = kernel.resolve(importlib.import_module("shop.kernel.projections").Projections)
    following: list[asyncio.Task[None]] = []

    async def follow() -> None:
        """Let projections run as they do outside of tests, or a read of what was just written has to say 503."""
        following.append(asyncio.create_task(projections.run()))

    async def end() -> None:
        following[0].cancel()

    kernel.on_ready(follow)
    kernel.on_stop(end)
    return kernel.asgi()


def _told(error: BaseException) -> str:
    parts = getattr(error, "exceptions", (error,))
    return " | ".join(f"{type(each).__name__}: {each}"[:1500] for each in parts)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
