"""`arckode mcp`: the same commands for coding agents, over the Model Context Protocol."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import OperationError

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "mcp",
    "Serve the commands to a coding agent over standard input and output (MCP).",
    examples=("arckode mcp", "arckode mcp --read-only"),
    params=(Param("read_only", type="bool", help="Offer nothing that writes: no generators, no undo."),),
    details=(
        "Run it in the project's folder, from the agent's settings. Its tools are map, place, analyze, explain, "
        "check_write (what `arckode hook pre-write` says of a file that is about to be written), and, without "
        "--read-only, undo and every generator. A tool answers with the JSON that its command prints with `--json`, an "
        "error included. It needs the official `mcp` package: `pip install 'arckode[mcp]'`."
    ),
)


def run(call: Call) -> int:
    """Serve until standard input ends.

    Raises:
        OperationError: the `mcp` package is not installed.
    """
    if find_spec("mcp") is None:
        raise OperationError("`arckode mcp` needs the package mcp", "install it: pip install 'arckode[mcp]'")
    from arckode_gen.commands import _mcp_server  # a second that only this command pays

    _mcp_server.serve(call.cwd, call.environ, read_only=call.flag("read_only"))
    return 0
