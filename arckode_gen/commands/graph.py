"""`arckode graph`: modules, connectors and tables as a drawing, with what the analyzer found in red."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import CrashError, OperationError, UsageError

if TYPE_CHECKING:
    from arckode_gen.engine.graph import Graph
    from arckode_gen.engine.spec import Call

_FORMATS = ("mermaid", "dot", "html")
_SUFFIXES = {".mmd": "mermaid", ".md": "mermaid", ".dot": "dot", ".gv": "dot", ".html": "html", ".json": "json"}

SPEC = CommandSpec(
    "graph",
    "Draw the modules, their tables and events, and what joins them; findings are red.",
    examples=(
        "arckode graph",
        "arckode graph --out architecture.html",
        "arckode graph --format dot | dot -Tsvg > architecture.svg",
        "arckode graph --json",
    ),
    params=(
        Param("format", choices=_FORMATS, help="What to write; else what FILE ends in, or mermaid."),
        Param("out", default="", metavar="FILE", help="Write to a file instead of standard output."),
        Param("force", type="bool", help="Write over a file that is there."),
    ),
    details=(
        "The code is read and never run, so any Python project can be drawn; one without modules is drawn by package. "
        'The page of `--format html` needs no network. `--json` prints {"version", "name", "nodes": [{"name", '
        '"tables", "routes", "findings", "events"}], "edges": [{"source", "target", "kind", "labels", "findings"}], '
        '"elsewhere": [findings]}; a kind is asks, imports, references or tells.'
    ),
)


def run(call: Call) -> int:
    """Print or write the drawing.

    Raises:
        UsageError: the configuration is wrong, the file is there already, or its name does not say what to write.
        OperationError: the file cannot be written.
        CrashError: a rule failed.
    """
    out = call.cwd / call.text("out") if call.text("out") else None
    if out is not None and out.exists() and not call.flag("force"):
        raise UsageError(f"{call.text('out')} exists", "choose another name, or write over it with --force")
    form = _form(call)
    text = _text(_drawn(call), form)
    if out is None:
        call.write(text)
        return 0
    if form == "mermaid" and out.suffix.lower() == ".md":
        text = f"```mermaid\n{text}\n```"  # nothing draws it in a page otherwise
    try:
        out.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise OperationError(f"cannot write {call.text('out')}: {error.strerror}") from error
    if call.json:
        call.write(text)
    call.say(f"wrote {call.text('out')}")
    return 0


def _form(call: Call) -> str:
    """Return what is written: what was said outright, or what the file's name says."""
    if call.json or call.text("format"):
        return "json" if call.json else call.text("format")
    if not call.text("out"):
        return "mermaid"
    suffix = Path(call.text("out")).suffix.lower()
    if suffix not in _SUFFIXES:
        said = f"--out {call.text('out')}: " + (f"arckode writes no {suffix}" if suffix else "the name says no format")
        hint = f"end it in {', '.join(_SUFFIXES)}, or choose with --format; Graphviz draws an SVG from a .dot"
        raise UsageError(said, hint)
    return _SUFFIXES[suffix]


def _drawn(call: Call) -> Graph:
    from arckode_analyzers.engine import RuleCrash  # only what reads the code pays for the reader
    from arckode_analyzers.run import Wanted, analyse
    from arckode_gen.commands._reading import read_code
    from arckode_gen.engine.graph import draw

    read = read_code(call)
    try:
        report = analyse(Wanted(read.root, today=""))
    except RuleCrash as error:
        raise CrashError(str(error), "this is a bug in arckode; please report it with that file") from error
    return draw(read.root.name, read.analysis, report.findings)


def _text(graph: Graph, form: str) -> str:
    from arckode_gen.engine import graph_text

    if form == "html":
        from arckode_gen.engine import graph_html  # the only form that needs Jinja
        from arckode_gen.resources import folder

        template = Path(folder("templates") / "graph" / "page.html.jinja").read_text(encoding="utf-8")
        return graph_html.page(graph, template).rstrip("\n")
    return {"mermaid": graph_text.mermaid, "dot": graph_text.dot, "json": graph_text.document}[form](graph)
