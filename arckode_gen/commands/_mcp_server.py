"""The server of `arckode mcp`, with the protocol's official package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.types import CallToolResult, ListToolsResult, TextContent, ToolAnnotations
from mcp.types import Tool as Described

from arckode_analyzers import signed
from arckode_gen import __version__
from arckode_gen.commands import _mcp_tools

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcp.server import ServerRequestContext
    from mcp.types import CallToolRequestParams, PaginatedRequestParams

_TOLD = (
    "Ask place where code goes before writing it, and a make_* tool to write it; check_write before saving a file of "
    "your own; analyze when you are done. Read AGENTS.md and .agents/skills/ in the project."
)


def serve(cwd: Path, environ: Mapping[str, str], *, read_only: bool) -> None:
    """Answer on standard input and output until the input ends."""
    signed.keep_loaded()
    anyio.run(_serve, server(cwd, environ, read_only=read_only))


def server(cwd: Path, environ: Mapping[str, str], *, read_only: bool) -> Server[dict[str, Any]]:
    """Return a server for the project in a folder; commands run one after the other, away from the event loop."""
    one_at_a_time = anyio.CapacityLimiter(1)

    async def listed(
        context: ServerRequestContext[dict[str, Any]],  # noqa: ARG001  the protocol's signature
        params: PaginatedRequestParams | None,  # noqa: ARG001
    ) -> ListToolsResult:
        known = _mcp_tools.tools(cwd, environ, read_only=read_only)
        return ListToolsResult(tools=[_described(tool) for tool in known])

    async def called(
        context: ServerRequestContext[dict[str, Any]],  # noqa: ARG001
        params: CallToolRequestParams,
    ) -> CallToolResult:
        known = {tool.name: tool for tool in _mcp_tools.tools(cwd, environ, read_only=read_only)}
        tool = known.get(params.name)
        if tool is None:
            return _result(_mcp_tools.Answer(f"there is no tool '{params.name}'", is_error=True))
        answer = await anyio.to_thread.run_sync(tool.answer, params.arguments or {}, limiter=one_at_a_time)
        return _result(answer)

    return Server("arckode", version=__version__, instructions=_TOLD, on_list_tools=listed, on_call_tool=called)


async def _serve(served: Server[dict[str, Any]]) -> None:
    async with stdio_server() as (incoming, outgoing):
        await served.run(incoming, outgoing, served.create_initialization_options())


def _described(tool: _mcp_tools.Tool) -> Described:
    hints = ToolAnnotations(read_only_hint=not tool.writes, destructive_hint=False, open_world_hint=False)
    return Described(name=tool.name, description=tool.description, input_schema=dict(tool.arguments), annotations=hints)


def _result(answer: _mcp_tools.Answer) -> CallToolResult:
    structured = json.loads(answer.text) if answer.text.startswith("{") else None
    content = TextContent(type="text", text=answer.text)
    return CallToolResult(content=[content], structured_content=structured, is_error=answer.is_error)
