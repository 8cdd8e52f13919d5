"""`arckode mcp`, as the protocol's official client sees it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, cast

import pytest
from mcp import Client, StdioServerParameters

from arckode_gen import commands
from arckode_gen.commands import _mcp_server
from tests.commands.calls import ENVIRON, call
from tests.docs.blocks import ROOT
from tests.generated import run
from tests.rules.projects import LOOP, SERVICE

if TYPE_CHECKING:
    from pathlib import Path

    from mcp.types import CallToolResult

pytestmark = pytest.mark.anyio
READERS = {"map", "place", "analyze", "explain", "check_write"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mcp")
    call(folder, "new", "shop", "--no-git")
    call(folder / "shop", "make:module", "orders", "total:int")
    return folder / "shop"


async def asked(
    root: Path, tool: str, arguments: dict[str, object] | None = None, *, read_only: bool = False
) -> CallToolResult:
    async with Client(_mcp_server.server(root, ENVIRON, read_only=read_only)) as client:
        return await client.call_tool(tool, cast("dict[str, Any]", arguments or {}))


@pytest.mark.parametrize(
    ("tool", "arguments", "argv"),
    [
        ("map", {}, ("map",)),
        ("place", {"text": "a rate limiter for orders"}, ("place", "a rate limiter for orders")),
        ("analyze", {"paths": ["src/shop/modules"]}, ("analyze", "src/shop/modules")),
        ("explain", {"code": "ARC201"}, ("explain", "ARC201")),
        ("make_helper", {"name": "net_price", "dry_run": True}, ("make:helper", "net_price", "--dry-run")),
    ],
)
async def test_a_tools_json_is_the_commands_own(
    shop: Path, tool: str, arguments: dict[str, object], argv: tuple[str, ...]
) -> None:
    result = await asked(shop, tool, arguments)
    assert not result.is_error
    assert result.structured_content == json.loads(call(shop, *argv, "--json").out)


async def test_a_write_is_checked_and_nothing_is_written(shop: Path) -> None:
    result = await asked(shop, "check_write", {"file_path": SERVICE, "content": LOOP})
    said = cast("dict[str, Any]", result.structured_content)
    assert said["judged"]
    assert "ARC201" in {each["code"] for each in said["findings"]}
    good = await asked(shop, "check_write", {"file_path": SERVICE, "old_string": "rules of", "new_string": "laws of"})
    assert good.structured_content == {"version": 1, "judged": True, "findings": []}
    none = await asked(shop, "check_write", {"file_path": "README.md", "content": "# shop"})
    assert none.structured_content == {"version": 1, "judged": False, "findings": []}
    assert "laws of" not in (shop / SERVICE).read_text()


async def test_a_generator_writes_and_undo_takes_it_back(shop: Path) -> None:
    made = await asked(shop, "make_helper", {"name": "line_total"})
    assert not made.is_error
    file = shop / "src/shop/shared/line_total.py"
    assert file.is_file()
    assert not (await asked(shop, "undo")).is_error
    assert not file.exists()


async def test_read_only_offers_nothing_that_writes(shop: Path) -> None:
    async with Client(_mcp_server.server(shop, ENVIRON, read_only=True)) as client:
        offered = (await client.list_tools()).tools
    assert {tool.name for tool in offered} == READERS
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in offered)
    properties = {tool.name: set(tool.input_schema["properties"]) for tool in offered}
    assert not {"fix", "write", "update_baseline", "json"} & (properties["analyze"] | properties["map"])
    refused = await asked(shop, "make_helper", {"name": "x"}, read_only=True)
    assert refused.is_error


async def test_every_generator_is_a_tool(shop: Path) -> None:
    async with Client(_mcp_server.server(shop, ENVIRON, read_only=False)) as client:
        offered = {tool.name: tool for tool in (await client.list_tools()).tools}
    makers = {name for name in commands.names(shop) if name.startswith("make:")}
    wanted = {name.replace(":", "_").replace("-", "_") for name in makers}
    assert set(offered) == {*READERS, "undo", *wanted}
    assert offered["make_module"].input_schema["required"] == ["name"]
    assert offered["make_module"].annotations is not None
    assert offered["make_module"].annotations.read_only_hint is False


@pytest.mark.parametrize(
    ("tool", "arguments", "message", "code"),
    [
        ("make_module", {"name": "class"}, "class", 2),
        ("make_module", {"nam": "x"}, "make:module takes no 'nam'", 2),
        ("make_module", {}, "NAME", 2),
        ("make_module", {"name": "--force"}, "'--force' is no name", 2),
        ("make_module", {"name": {"x": 1}}, "'name' is dict, not text", 2),
        ("explain", {"code": "ARC999"}, "ARC999", 2),
        ("check_write", {"file_path": "src/x.py", "content": 3, "edits": 4}, "", 0),
    ],
)
async def test_an_error_is_the_commands_own_and_the_server_goes_on(
    shop: Path, tool: str, arguments: dict[str, object], message: str, code: int
) -> None:
    result = await asked(shop, tool, arguments)
    said = cast("dict[str, Any]", result.structured_content)
    assert result.is_error is (code != 0)
    if code:
        assert message in said["error"]["message"]
        assert said["error"]["exit_code"] == code


async def test_over_standard_input_and_output_with_the_official_client(shop: Path) -> None:
    words = ["-P", "-m", "arckode_gen", "mcp", "--read-only"]
    served = StdioServerParameters(command=sys.executable, args=words, cwd=str(shop), env=ENVIRON)
    async with Client(served) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == READERS
        placed = await client.call_tool("place", {"text": "a helper"})
        analysed = await client.call_tool("analyze", {})
    assert not placed.is_error
    assert cast("dict[str, Any]", analysed.structured_content)["findings"] == []


def test_without_the_package_it_says_how_to_get_it(shop: Path) -> None:
    bare = f"import sys; sys.path[:0] = [{str(ROOT)!r}]; from arckode_gen import cli; sys.exit(cli.run(['mcp']))"
    done = run(shop, sys.executable, "-P", "-S", "-c", bare, env=ENVIRON)
    assert done.code == 5
    assert "pip install 'arckode[mcp]'" in done.stderr
