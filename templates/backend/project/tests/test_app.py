"""The application as a whole: it starts, says how it is, and answers every mistake as a problem."""

import pytest
from httpx2 import AsyncClient

pytestmark = pytest.mark.anyio


async def test_it_is_alive_and_ready(client: AsyncClient) -> None:
    assert (await client.get("/health/live")).status_code == 200
    assert (await client.get("/health/ready")).status_code == 200


async def test_an_unknown_path_is_a_problem(client: AsyncClient) -> None:
    answer = await client.get("/no-such-path")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_every_operation_has_a_name_of_its_own(client: AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
