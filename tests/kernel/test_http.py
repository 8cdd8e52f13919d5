"""The traps of the stack, one test each: what a client sees is the same shape whatever goes wrong."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from kernel.access import Principal
from kernel.database import Database
from kernel.errors import AuthError
from kernel.testing import client, count_statements, fresh_database
from tests.kernel.orders_api import compose

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx2

    from kernel.app import Kernel

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def shop(**settings: object) -> AsyncGenerator[tuple[Kernel, httpx2.AsyncClient]]:
    async with fresh_database() as database:
        kernel = compose(database, **settings)
        async with client(kernel) as http:
            yield kernel, http


def assert_problem(response: httpx2.Response, status: int, code: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["requestId"] == response.headers["x-request-id"]
    assert set(body) == {"type", "title", "status", "detail", "instance", "code", "requestId", "errors"}


async def test_what_was_posted_is_what_is_read() -> None:
    async with shop() as (_, http):
        sent = {"code": "a", "price": 12.5, "soldAt": "2026-05-01T14:00:00.5+02:00", "metadata": {"x": 1}}
        made = await http.post("/articles", json=sent)
        assert made.status_code == 201
        assert (made.json()["price"], made.json()["soldAt"]) == ("12.50", "2026-05-01T12:00:00.500000Z")
        assert made.json()["metadata"] == {"x": 1}
        read = await http.get(f"/articles/{made.json()['id']}")
        assert read.json() == made.json()
        listed = await http.get("/articles")
        assert listed.json() == {"data": [made.json()], "total": 1, "page": 1, "limit": 20, "totalPages": 1}


STATEMENTS = (
    ("show is one SELECT", "GET", "/articles/{id}", 1),
    ("index is two", "GET", "/articles", 2),
    ("index without the total is one", "GET", "/articles?total=false", 1),
    ("store is one INSERT", "POST", "/articles", 1),
)


@pytest.mark.parametrize(
    ("method", "path", "count"), [row[1:] for row in STATEMENTS], ids=[row[0] for row in STATEMENTS]
)
async def test_statement_counts(method: str, path: str, count: int) -> None:
    async with shop() as (kernel, http):
        made = await http.post("/articles", json={"code": "a"})
        with count_statements(kernel.database) as sent:
            url = path.replace("{id}", made.json()["id"])
            response = await http.request(method, url, json={"code": "b"} if method == "POST" else None)
        assert response.is_success
        assert sent.count == count, sent.texts


async def test_a_refused_body_is_explained_and_not_echoed() -> None:
    async with shop() as (_, http):
        sent = {"email": "secret-address", "password": ["secret-word"], "extra": "secret-extra"}
        response = await http.post("/articles/login", json=sent)
        assert_problem(response, 422, "validation_failed")
        assert "secret" not in response.text
        assert {error["pointer"] for error in response.json()["errors"]} == {"/email", "/password", "/extra"}


async def test_a_refused_value_of_the_database_points_at_its_field() -> None:
    async with shop() as (_, http):
        response = await http.post("/articles", json={"code": "a", "soldAt": "2026-05-01T14:00:00"})
        assert_problem(response, 422, "validation_failed")
        told = [{"pointer": "/soldAt", "code": "validation_failed", "message": "must say its time zone"}]
        assert response.json()["errors"] == told


async def test_a_taken_value_points_at_its_field() -> None:
    async with shop() as (_, http):
        await http.post("/articles", json={"code": "a"})
        response = await http.post("/articles", json={"code": "a"})
        assert_problem(response, 409, "unique")
        assert response.json()["errors"][0]["pointer"] == "/code"


PROBLEMS = (
    ("an unknown path", "GET", "/nowhere", 404, "not_found"),
    ("an unknown row", "GET", f"/articles/{uuid4()}", 404, "not_found"),
    ("a path that is no identifier", "GET", "/articles/abc", 404, "not_found"),
    ("a method that is not there", "PUT", "/articles", 405, "method_not_allowed"),
    ("a broken body", "POST", "/articles", 400, "bad_request"),
    ("an unknown parameter", "GET", "/articles?colur=red", 422, "validation_failed"),
    ("an unknown value", "GET", "/articles?colour=pink", 422, "validation_failed"),
    ("an unknown order", "GET", "/articles?sort=price", 422, "validation_failed"),
    ("too many rows", "GET", "/articles?limit=201", 422, "validation_failed"),
    ("a value beyond the column", "GET", "/articles?priceGte=99999999999", 422, "validation_failed"),
    ("nobody signed in", "GET", "/articles/mine", 401, "unauthenticated"),
    ("a crash", "GET", "/articles/crash", 500, "internal_server_error"),
)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS]
)
async def test_every_error_is_a_problem_and_readable_across_origins(
    method: str, path: str, status: int, code: str
) -> None:
    async with shop() as (_, http):
        headers = {"origin": "https://shop.example", "content-type": "application/json"}
        response = await http.request(method, path, headers=headers, content=b"{")
        assert_problem(response, status, code)
        assert response.headers["access-control-allow-origin"] == "https://shop.example"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "12345" not in response.text


async def test_a_body_that_is_not_json_is_refused_by_its_type_not_by_a_field() -> None:
    async with shop() as (_, http):
        for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
            refused = await http.post("/articles", content=b'{"code": "a"}', headers={"content-type": kind})
            assert_problem(refused, 415, "unsupported_media_type")
            assert refused.json()["detail"] == "Send the body as application/json."
        kept = await http.post("/articles", content=b'{"code": "a"}', headers={"content-type": "application/x+json"})
        assert kept.status_code == 201
        assert_problem(await http.post("/articles"), 422, "validation_failed")


async def test_a_decimal_keeps_every_digit_of_a_json_number() -> None:
    async with shop() as (_, http):
        for number, code in (("9999999999.99", "a"), ("0.10", "b"), ("1e2", "c")):
            sent = f'{{"code": "{code}", "price": {number}, "metadata": {{"x": [1.5, 1e2]}}}}'
            made = await http.post("/articles", content=sent, headers={"content-type": "application/json"})
            assert made.status_code == 201, made.text
            assert made.json()["price"] == format(Decimal(number), ".2f")
            assert (await http.get(f"/articles/{made.json()['id']}")).json() == made.json()
        refused = await http.post(
            "/articles",
            content=b'{"code": "d", "price": 9999999999.990000000001}',
            headers={"content-type": "application/json"},
        )
        assert_problem(refused, 422, "validation_failed")


async def test_a_refused_method_names_the_allowed_ones() -> None:
    async with shop() as (_, http):
        assert (await http.put("/articles")).headers["allow"] == "GET, POST"
        assert (await http.post(f"/articles/{uuid4()}")).headers["allow"] == "DELETE, GET"
        assert (await http.get("/articles/mine")).headers["www-authenticate"] == "Bearer"


async def test_a_large_body_is_a_problem_announced_or_not() -> None:
    async with shop(body_limit=100) as (_, http):
        assert_problem(await http.post("/articles", json={"code": "x" * 200}), 413, "request_entity_too_large")

        async def pieces() -> AsyncGenerator[bytes]:
            for _ in range(20):
                yield b'{"code": "xxxxx'

        headers = {"content-type": "application/json"}
        response = await http.post("/articles", content=pieces(), headers=headers)
        assert_problem(response, 413, "request_entity_too_large")


async def test_a_slow_answer_is_given_up() -> None:
    async with shop(request_timeout=0.05) as (_, http):
        assert_problem(await http.get("/articles/slow"), 503, "timeout")


async def test_filters_orders_and_pages_of_a_query_string() -> None:
    async with shop() as (_, http):
        for code, price, colour in (("a", 5, "red"), ("b", 15, "green"), ("c", 25, "blue"), ("d", 35, "red")):
            await http.post("/articles", json={"code": code, "price": price, "colour": colour, "title": f"T{code}"})

        async def codes(query: str) -> str:
            response = await http.get(f"/articles?{query}")
            assert response.status_code == 200, response.text
            return "".join(row["code"] for row in response.json()["data"])

        assert await codes("colour=red&sort=-code") == "da"
        assert await codes("colourIn=red&colourIn=blue&sort=code") == "acd"
        assert await codes("priceGte=15&sort=code&limit=2&page=2") == "d"
        assert await codes("titleIcontains=tB") == "b"
        assert await codes("search=B") == "b"
        assert await codes("search=t&colour=red&sort=code") == "ad"
        assert await codes("search=%25") == ""
        assert await codes("search=&sort=code") == "abcd"
        assert await codes("sort=-createdAt,code") == "dcba"


async def test_static_paths_are_not_swallowed_by_identifiers() -> None:
    async with shop() as (_, http):
        assert (await http.get("/articles/search")).json() == "found"


async def test_access_is_checked_when_authentication_is_installed() -> None:
    known = Principal(uuid4(), permissions=frozenset({"articles:read"}))

    async def provider(header: str | None) -> Principal | None:
        if header == "Bearer broken":
            raise AuthError("The token is not valid.")
        return {"Bearer good": known, "Bearer poor": Principal(uuid4())}.get(header or "")

    async with fresh_database() as database:
        kernel = compose(database)
        kernel.authenticate_with(provider)
        async with client(kernel) as http:

            async def answer(header: str) -> httpx2.Response:
                return await http.get("/articles/mine", headers={"authorization": header})

            assert (await answer("Bearer good")).json() == str(known.id)
            assert_problem(await answer("Bearer poor"), 403, "forbidden")
            assert_problem(await answer("Bearer broken"), 401, "unauthenticated")
            assert_problem(await http.get("/articles/mine"), 401, "unauthenticated")


async def test_identifiers_of_a_request_are_taken_over_only_when_well_formed() -> None:
    async with shop() as (_, http):
        kept = await http.get("/health/live", headers={"x-request-id": "abc-1", "x-correlation-id": "order:7"})
        assert (kept.headers["x-request-id"], kept.headers["x-correlation-id"]) == ("abc-1", "order:7")
        made = await http.get("/health/live", headers={"x-request-id": "a b{}"})
        assert made.headers["x-request-id"] != "a b{}"
        assert made.headers["x-correlation-id"] == made.headers["x-request-id"]


async def test_the_description_names_operations_and_errors() -> None:
    async with shop() as (_, http):
        document = (await http.get("/openapi.json")).json()
        ids = {
            operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
        }
        assert set(ids) == {
            *(f"articles_{name}" for name in ("index", "store", "show", "destroy", "search")),
            *(f"articles_{name}" for name in ("login", "mine", "crash", "slow")),
            "health_live",
            "health_ready",
        }
        assert document["info"]["title"] == "shop"
        assert set(ids["articles_show"]["responses"]) == {"200", "304", "404", "422", "500", "503"}
        assert set(ids["articles_store"]["responses"]) == {
            *("201", "400", "408", "409", "413", "415", "422", "500", "503")
        }
        assert {"401", "403"} <= set(ids["articles_mine"]["responses"])
        assert ids["articles_mine"]["x-access"] == "articles:read"
        content = ids["articles_show"]["responses"]["404"]["content"]
        assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        assert {"Problem", "FieldProblem"} <= set(document["components"]["schemas"])
        assert "HTTPValidationError" not in document["components"]["schemas"]
        names = {parameter["name"] for parameter in ids["articles_index"]["parameters"]}
        assert names == {"page", "limit", "search", "sort", "total", "colour", "colourIn", "priceGte", "titleIcontains"}


async def test_the_description_says_what_a_typed_client_gets() -> None:
    async with shop() as (_, http):
        document = (await http.get("/openapi.json")).json()
        schemas = document["components"]["schemas"]
        kinds = [choice["type"] for choice in schemas["ArticleOut"]["properties"]["price"]["anyOf"]]
        assert kinds == ["string", "null"], "a decimal is always answered as a string"
        assert set(schemas["Problem"]["required"]) == set(schemas["Problem"]["properties"])
        assert set(schemas["Check"]["required"]) == {"status", "milliseconds", "error"}
        assert {"ArticleOut", "ArticleCreate"} <= set(schemas), "no -Input and -Output of one name"
        parameters = {item["name"]: item["schema"] for item in document["paths"]["/articles"]["get"]["parameters"]}
        assert "null" not in json.dumps(parameters), "a query string has no null"
        assert parameters["colour"] == {"$ref": "#/components/schemas/Colour", "title": "Colour"}


async def test_a_database_that_is_away_is_503_and_one_line_of_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    away = Database("postgresql://nobody:secret@127.0.0.1:1/nothing")
    async with client(compose(away)) as http:
        capfd.readouterr()
        response = await http.get("/articles")
        assert_problem(response, 503, "database_unavailable")
        assert "127.0.0.1" not in response.text
        assert (await http.get("/health/ready")).json()["checks"]["database"]["error"] == "CannotConnectError"
    log = capfd.readouterr().err
    assert "the database is unavailable" in log
    assert "probe failed" in log
    assert "Traceback" not in log
    assert "secret" not in log


async def test_a_pool_with_no_connection_to_spare_is_503() -> None:
    async with fresh_database() as database:
        database.engine.pool._timeout = 0.05  # type: ignore[attr-defined]  # half a minute otherwise
        async with client(compose(database)) as http, database.engine.connect():
            assert_problem(await http.get("/articles"), 503, "database_unavailable")


async def test_readiness_really_probes() -> None:
    async with fresh_database() as database:
        kernel = compose(database, health_timeout=2.0)
        broken = Database("postgresql://nobody:secret@127.0.0.1:1/nothing")

        async def hangs() -> None:
            await asyncio.sleep(30)

        kernel.add_probe("warehouse", broken.ping)
        kernel.add_probe("queue", hangs)
        async with client(kernel) as http:
            with capture_logs() as logs:
                response = await http.get("/health/ready")
            assert response.status_code == 503
            failed = {each["probe"]: each for each in logs if each["event"] == "probe failed"}
            assert failed["queue"]["log_level"] == "warning"  # asked every few seconds: no traceback for each
            assert failed["queue"]["error"] == "TimeoutError"
            checks = response.json()["checks"]
            assert {name: check["status"] for name, check in checks.items()} == {
                "database": "ok",
                "queue": "failed",
                "warehouse": "failed",
            }
            assert checks["queue"]["error"] == "TimeoutError"
            assert "secret" not in response.text
            assert (await http.get("/health/live")).json() == {"status": "ok"}
        await broken.close()


async def test_production_hides_the_description() -> None:
    async with shop(environment="production", database_url="sqlite://") as (_, http):
        assert_problem(await http.get("/openapi.json"), 404, "not_found")
        assert_problem(await http.get("/docs"), 404, "not_found")
        assert "max-age" in (await http.get("/health/live")).headers["strict-transport-security"]
