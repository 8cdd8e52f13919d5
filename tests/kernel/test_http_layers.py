"""The layers around every request, one by one: what they add, what they refuse, and what they leave alone."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from kernel.access import PUBLIC, Principal
from kernel.clock import FixedClock
from kernel.errors import WiringError
from kernel.http.rate_limits import client_of
from kernel.http.routing import ModuleRouter, RouteLimits
from kernel.rate_values import read_rate
from kernel.settings import KernelSettings
from kernel.testing import client, fresh_database
from tests.kernel.backends import ArticlesRepository
from tests.kernel.pages_api import Pages, compose
from tests.kernel.test_http import assert_problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    import httpx2

    from kernel.app import Kernel

pytestmark = pytest.mark.anyio
START = datetime(2026, 3, 1, tzinfo=UTC)


@asynccontextmanager
async def pages(**settings: object) -> AsyncGenerator[tuple[Kernel, httpx2.AsyncClient]]:
    async with fresh_database() as database:
        kernel = compose(database, **settings)  # type: ignore[arg-type]  # a clock among the settings
        async with client(kernel) as http:
            yield kernel, http


TRACED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_request_goes_on_with_the_callers_trace_in_a_span_of_its_own() -> None:
    async with pages() as (_, http):
        answer = await http.get("/pages/trace", headers={"traceparent": TRACED})
        version, trace_id, span_id, flags = answer.headers["traceresponse"].split("-")
        assert (version, trace_id, flags) == ("00", TRACED.split("-")[1], "01")
        assert span_id != TRACED.split("-")[2]
        assert answer.json() == answer.headers["traceresponse"], "what we call gets the same"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "junk",
        TRACED.upper(),
        f"{TRACED}-more",
        f"ff{TRACED[2:]}",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
    ],
)
async def test_a_trace_that_is_not_well_formed_begins_anew(header: str) -> None:
    async with pages() as (_, http):
        made = (await http.get("/health/live", headers={"traceparent": header})).headers["traceresponse"]
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", made)
        assert TRACED.split("-")[1] not in made


async def test_a_newer_version_of_the_trace_header_is_understood_as_far_as_it_is_known() -> None:
    async with pages() as (_, http):
        newer = f"01{TRACED[2:]}-more"
        made = (await http.get("/health/live", headers={"traceparent": newer})).headers["traceresponse"]
        assert made.startswith(TRACED[:36])


async def test_the_log_of_a_request_names_its_trace_and_its_client(capfd: pytest.CaptureFixture[str]) -> None:
    async with pages(log_format="json") as (_, http):
        await http.get("/pages", headers={"traceparent": TRACED})
    line = next(json.loads(each) for each in capfd.readouterr().err.splitlines() if '"path": "/pages"' in each)
    assert (line["trace_id"], line["client"], line["status"]) == (TRACED.split("-")[1], "127.0.0.1", 200)
    assert line["request_id"] == line["correlation_id"]


async def test_large_answers_are_compressed_for_who_accepts_it() -> None:
    async with pages() as (_, http):
        large = await http.get("/pages?size=5000", headers={"accept-encoding": "gzip"})
        assert (large.headers["content-encoding"], large.headers["vary"]) == ("gzip", "Accept-Encoding")
        assert int(large.headers["content-length"]) < 200
        assert large.json() == {"text": "x" * 5000}
        plain = await http.get("/pages?size=5000", headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.headers["vary"] == "Accept-Encoding", "or a cache would give the one to the other"
        assert "content-encoding" not in (await http.get("/pages?size=10")).headers
    async with pages(compression=False) as (_, http):
        assert "content-encoding" not in (await http.get("/pages?size=5000")).headers


async def test_what_the_caller_has_is_not_sent_again() -> None:
    async with pages() as (_, http):
        first = await http.get("/pages?size=100")
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "private, no-cache"
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await http.get("/pages?size=100", headers={"if-none-match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert again.headers["x-request-id"]
            assert "content-type" not in again.headers
        assert (await http.get("/pages?size=101", headers={"if-none-match": tag})).status_code == 200
        assert (await http.get("/pages?size=100", headers={"if-none-match": "junk"})).status_code == 200
        assert "etag" not in (await http.post("/pages", json={"text": "a"})).headers
        assert "etag" not in (await http.get(f"/pages/articles/{uuid4()}")).headers


async def test_a_compressed_answer_has_a_tag_of_its_own_that_is_understood() -> None:
    async with pages() as (_, http):
        plain = (await http.get("/pages?size=5000", headers={"accept-encoding": "identity"})).headers["etag"]
        small = (await http.get("/pages?size=5000", headers={"accept-encoding": "gzip"})).headers["etag"]
        assert small == f'{plain[:-1]}-gzip"'
        assert (await http.get("/pages?size=5000", headers={"if-none-match": small})).status_code == 304


async def test_a_tag_belongs_to_what_one_caller_was_shown_and_no_cache_may_share_it() -> None:
    async with pages() as (_, http):
        tags = set()
        for size in (4000, 4001):
            answer = await http.get(f"/pages?size={size}", headers={"accept-encoding": "gzip"})
            assert answer.headers["cache-control"] == "private, no-cache"
            assert "accept-encoding" in answer.headers["vary"].lower()
            tags.add(answer.headers["etag"])
        assert len(tags) == 2
        other = await http.get("/pages?size=4000", headers={"if-none-match": tags.pop(), "accept-encoding": "identity"})
        again = await http.get("/pages?size=4000", headers={"if-none-match": tags.pop(), "accept-encoding": "identity"})
        assert {other.status_code, again.status_code} == {200, 304}


async def test_an_address_that_may_be_refused_is_told_so_in_the_description() -> None:
    async with pages(rate_limits={"per_client": "1000/minute"}) as (_, http):
        document = (await http.get("/openapi.json")).json()
        assert all("429" in each["responses"] for path in document["paths"].values() for each in path.values())


async def test_a_change_can_insist_on_the_row_that_was_read() -> None:
    clock = FixedClock(START)
    async with fresh_database(clock=clock) as database, client(compose(database)) as http:
        made = await ArticlesRepository(database).create({"code": "a"})
        path = f"/pages/articles/{made.id}"
        read = await http.get(path)
        clock.advance(timedelta(seconds=1))
        changed = await http.patch(path, json={"title": "one"}, headers={"if-match": read.headers["etag"]})
        assert (changed.status_code, changed.json()["title"]) == (200, "one")
        assert changed.headers["etag"] == (await http.get(path)).headers["etag"]
        for missed in (
            read.headers["etag"],
            f'"{made.updated_at.isoformat()}"',
            '"junk"',
            f"W/{changed.headers['etag']}",
        ):
            refused = await http.patch(path, json={"title": "two"}, headers={"if-match": missed})
            assert_problem(refused, 412, "precondition_failed")
            assert_problem(await http.delete(path, headers={"if-match": missed}), 412, "precondition_failed")
        unclear = await http.patch(path, json={"title": "two"}, headers={"if-match": "no quotes"})
        assert_problem(unclear, 422, "validation_failed")
        assert (await http.get(path)).json()["title"] == "one"
        listed = f'"other", "{changed.json()["updatedAt"]}"'
        assert (await http.patch(path, json={"title": "three"}, headers={"if-match": listed})).status_code == 200
        assert (await http.patch(path, json={"title": "four"}, headers={"if-match": "*"})).status_code == 200
        last = (await http.patch(path, json={"title": "five"})).headers["etag"]
        assert (await http.delete(path, headers={"if-match": last})).status_code == 204
        assert_problem(await http.delete(path, headers={"if-match": last}), 404, "not_found")


async def test_a_route_may_allow_more_than_the_settings() -> None:
    async with pages(body_limit=100, request_timeout=0.1) as (_, http):
        assert_problem(await http.post("/pages", json={"text": "x" * 200}), 413, "request_entity_too_large")
        assert (await http.post("/pages/large", json={"text": "x" * 200})).json() == 200
        assert_problem(await http.post("/pages/large", json={"text": "x" * 10_001}), 413, "request_entity_too_large")


async def test_a_body_that_does_not_arrive_is_408_and_not_our_fault() -> None:
    async with pages(request_timeout=0.1) as (_, http):

        async def slow() -> AsyncGenerator[bytes]:
            yield b'{"text": '
            await asyncio.sleep(5)
            yield b'"late"}'

        refused = await http.post("/pages", content=slow(), headers={"content-type": "application/json"})
        assert_problem(refused, 408, "request_timeout")
        assert refused.headers["connection"] == "close"


async def test_the_raw_body_is_what_was_sent_byte_for_byte() -> None:
    async with pages() as (_, http):
        sent = '{ "text":   "\u00e9\\u00e9" }'
        answer = await http.post("/pages/hook", content=sent.encode(), headers={"content-type": "application/json"})
        assert answer.json() == f"{sent}|\u00e9\u00e9"


async def test_a_route_is_held_to_its_rate() -> None:
    clock = FixedClock(START)
    async with pages(clock=clock) as (_, http):
        first = await http.post("/pages/login")
        assert first.headers["ratelimit-policy"] == '"pages_login";q=2;w=60'
        assert first.headers["ratelimit"] == '"pages_login";r=1;t=30'
        assert (await http.post("/pages/login")).status_code == 200
        refused = await http.post("/pages/login")
        assert_problem(refused, 429, "too_many_requests")
        assert (refused.headers["retry-after"], refused.headers["ratelimit"]) == ("30", '"pages_login";r=0;t=60')
        assert (await http.get("/pages")).status_code == 200, "another route"
        clock.advance(timedelta(seconds=30))
        assert (await http.post("/pages/login")).status_code == 200
        assert (await http.post("/pages/login")).status_code == 429
        document = (await http.get("/openapi.json")).json()
        assert "429" in document["paths"]["/pages/login"]["post"]["responses"]


async def test_a_rate_of_a_route_behind_a_sign_in_is_counted_for_each_principal() -> None:
    people = {f"Bearer {name}": Principal(uuid4()) for name in "ab"}

    async def provider(header: str | None) -> Principal | None:
        return people.get(header or "")

    async with fresh_database() as database:
        kernel = compose(database)
        kernel.authenticate_with(provider)
        async with client(kernel) as http:
            got = [
                (await http.get("/pages/mine", headers={"authorization": f"Bearer {who}"})).status_code
                for who in "abac"
            ]
            assert got == [200, 200, 429, 401]


async def test_an_address_is_held_to_one_rate_for_everything_but_health() -> None:
    async with pages(
        rate_limits={"per_client": "2/hour"}, cors_origins=("https://shop.example",), clock=FixedClock(START)
    ) as (_, http):
        assert [(await http.get(path)).status_code for path in ("/pages", "/nowhere", "/pages")] == [200, 404, 429]
        refused = await http.get("/pages", headers={"origin": "https://shop.example"})
        assert_problem(refused, 429, "too_many_requests")
        assert refused.headers["access-control-allow-origin"] == "https://shop.example"
        assert "Retry-After" in refused.headers["access-control-expose-headers"]
        assert (await http.get("/health/ready")).status_code == 200


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        pytest.param((), "1.2.3.4", "127.0.0.1", id="nobody is believed unless said"),
        pytest.param(("10.0.0.0/8",), "1.2.3.4", "127.0.0.1", id="another proxy than the one that asks"),
        pytest.param(("127.0.0.1",), "1.2.3.4", "1.2.3.4", id="the proxy that asks"),
        pytest.param(("127.0.0.1",), "6.6.6.6, 1.2.3.4", "1.2.3.4", id="what the client itself put in front"),
        pytest.param(("127.0.0.1", "10.0.0.0/8"), "1.2.3.4, 10.1.1.1", "1.2.3.4", id="a chain of proxies"),
    ],
)
async def test_forwarded_for_is_believed_from_trusted_proxies_only(
    trusted: tuple[str, ...], forwarded: str, seen: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with pages(trusted_proxies=trusted, log_format="json") as (_, http):
        await http.get("/pages", headers={"x-forwarded-for": forwarded})
    line = next(json.loads(each) for each in capfd.readouterr().err.splitlines() if '"path": "/pages"' in each)
    assert line["client"] == seen


async def test_a_forged_address_does_not_escape_a_rate() -> None:
    async with pages(rate_limits={"per_client": "1/hour"}) as (_, http):
        got = [
            (await http.get("/pages", headers={"x-forwarded-for": f"1.2.3.{number}"})).status_code
            for number in range(3)
        ]
        assert got == [200, 429, 429]


def test_all_addresses_of_one_network_of_version_6_count_as_one() -> None:
    assert client_of({"client": ("2001:db8::1", 1)}) == client_of({"client": ("2001:db8::ffff:1", 2)})
    assert client_of({"client": ("2001:db8:0:1::1", 1)}) != client_of({"client": ("2001:db8::1", 1)})
    assert client_of({"client": ("::ffff:1.2.3.4", 1)}) == client_of({"client": ("1.2.3.4", 1)}) == "1.2.3.4"
    assert client_of({"client": None}) == "unknown"


@pytest.mark.parametrize("word", ["", "5", "5/", "/minute", "0/minute", "5/fortnight", "-1/minute", "5 per minute"])
def test_what_is_no_rate_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(ValueError, match=r"is no rate; write how many in which time, such as 100/minute"):
        read_rate(word)


def test_a_rate_is_read() -> None:
    assert [(rate.limit, rate.seconds) for rate in map(read_rate, ("5/10s", "100/minute", "1000 / day"))] == [
        (5, 10),
        (100, 60),
        (1000, 86400),
    ]


def test_a_route_with_a_wrong_rate_stops_the_start() -> None:
    routes = ModuleRouter("pages")
    with pytest.raises(WiringError, match=r"the route GET /x: 'often' is no rate"):
        routes.get("/x", Pages.trace, access=PUBLIC, limits=RouteLimits(rate="often"))


WRONG = (
    ("TRUSTED_PROXIES", "10.0.0.0/8,proxy", "TRUSTED_PROXIES: 'proxy' is neither an address nor a network"),
    ("CORS_ORIGINS", "https://a.example/", "CORS_ORIGINS: 'https://a.example/' is no origin"),
    ("CORS_ORIGINS", "a.example", "CORS_ORIGINS: 'a.example' is no origin; write scheme and host"),
    ("RATE_LIMITS__PER_CLIENT", "often", "RATE_LIMITS__PER_CLIENT: 'often' is no rate"),
    ("RATE_LIMITS__PROVIDER", "reddis", "RATE_LIMITS__PROVIDER: 'reddis' is unknown; choose 'memory' or 'redis'"),
    ("STATIC_FOLDER", "/no/such", "STATIC_FOLDER: there is no folder /no/such; build what it serves"),
    ("STATIC_PATH", "static", "STATIC_PATH: write a path such as /static, or / alone"),
    ("COMPRESSION_MINIMUM", "-1", "COMPRESSION_MINIMUM: Input should be greater than or equal to 0"),
    ("SHUTDOWN_DELAY", "soon", "SHUTDOWN_DELAY: Input should be a valid number"),
    ("BODY_LIMIT", "1MB", "BODY_LIMIT: Input should be a valid integer"),
)


@pytest.mark.parametrize(("name", "value", "told"), WRONG, ids=[f"{row[0]}={row[1]}" for row in WRONG])
def test_a_wrong_setting_ends_the_program_with_a_line_that_names_it(
    name: str, value: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        KernelSettings.load()
    assert str(ended.value).startswith(told)


async def test_redis_rate_limits_that_nobody_provides_stop_the_start() -> None:
    async with fresh_database() as database:
        kernel = compose(database, rate_limits={"provider": "redis"})
        with pytest.raises(
            WiringError, match=r"^RATE_LIMITS__PROVIDER is 'redis', .* `arckode make:adapter redis-limits`, or choose"
        ):
            async with client(kernel):
                pass


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>shop</h1>")
    (folder / "assets/app-1a2b.js").write_text("go()")
    (folder / ".env").write_text("what nobody may read")
    (tmp_path / "secret.txt").write_text("what nobody may read")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


async def test_a_front_end_is_served_beside_the_api(site: Path) -> None:
    async with pages(static_folder=site, static_path="/") as (_, http):
        page = {"accept": "text/html,*/*"}
        for path in ("/", "/orders/7"):
            shown = await http.get(path, headers=page)
            assert (shown.status_code, shown.text, shown.headers["cache-control"]) == (200, "<h1>shop</h1>", "no-cache")
        asset = await http.get("/assets/app-1a2b.js")
        assert (asset.status_code, "immutable" in asset.headers["cache-control"]) == (200, True)
        known = await http.get("/assets/app-1a2b.js", headers={"if-none-match": asset.headers["etag"]})
        assert known.status_code == 304
        assert "immutable" in known.headers["cache-control"]
        marked = f'{asset.headers["etag"][:-1]}-gzip"'
        assert (await http.get("/assets/app-1a2b.js", headers={"if-none-match": marked})).status_code == 304
        missing = await http.get("/assets/page", headers=page)
        assert missing.headers["cache-control"] == "no-cache", "a page in the place of a file is not kept for ever"
        assert (await http.get("/pages")).json() == {"text": "x" * 10}, "the API goes first"
        assert_problem(await http.get("/assets/gone.js", headers=page), 404, "not_found")
        assert_problem(await http.get("/api/nowhere", headers={"accept": "application/json"}), 404, "not_found")
        assert_problem(await http.post("/index.html"), 405, "method_not_allowed")


ESCAPES = (
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/link.txt",
    "/.env",
    "/assets/..%2f.env",
    "/%00",
)


@pytest.mark.parametrize("path", ESCAPES)
async def test_no_path_leads_out_of_the_folder(path: str, site: Path) -> None:
    async with pages(static_folder=site) as (_, http):
        answer = await http.get(f"http://test/static{path}")
        assert answer.status_code == 404, answer.text
        assert "nobody" not in answer.text


BOMBS = (
    ("deep lists", b"[" * 500_000),
    ("deep objects", b'{"a":' * 200_000),
    ("deep and closed", b"[" * 100_000 + b"]" * 100_000),
    ("a number of many digits", b'{"text": ' + b"9" * 900_000 + b"}"),
    ("no UTF-8", b'{"text": "\xff\xfe"}'),
    ("nothing", b""),
    ("two values", b'{"text": "a"} {"text": "b"}'),
    ("a constant of JavaScript", b'{"text": NaN}'),
)


@pytest.mark.parametrize("body", [row[1] for row in BOMBS], ids=[row[0] for row in BOMBS])
async def test_a_body_made_to_hurt_is_refused(body: bytes) -> None:
    async with pages() as (_, http):
        answer = await http.post("/pages", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in {400, 422}, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_identifier_that_could_forge_a_line_is_not_taken_over(capfd: pytest.CaptureFixture[str]) -> None:
    async with pages() as (_, http):
        forged = "a\tforged: 1"
        answer = await http.get("/pages/trace?size=1", headers={"x-request-id": forged, "x-correlation-id": "b" * 129})
        assert answer.headers["x-request-id"] != forged
        assert answer.headers["x-correlation-id"] == answer.headers["x-request-id"]
    assert "forged" not in capfd.readouterr().err
