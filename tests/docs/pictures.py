"""The pictures of the documentation, drawn anew by `python -m tests.docs.generate`: the same bytes on every machine.

The map is the drawing of `arckode graph`, cut out of its page. The others say who asks whom, one line a message.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from tests.commands.calls import call

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = "docs/pictures"
_STYLE = """\
:root { color-scheme: light dark; --page: #fff; --card: #fff; --ink: #1c2430; --soft: #566070; }
:root { --line: #6d7787; --edge: #c3cad4; --bad: #c4314b; }
@media (prefers-color-scheme: dark) {
:root { --page: #14181e; --card: #1e242d; --ink: #e6eaf0; --soft: #a9b4c4; --line: #8d98a8; --edge: #4a5563; }
}
svg { background: var(--page); font: 14px/1.5 system-ui, sans-serif; }
"""
_CARDS = """\
.card rect { fill: var(--card); stroke: var(--edge); }
.card .name { fill: var(--ink); font-weight: 600; font-size: 15px; }
.card .sub, .card .row { fill: var(--soft); font-size: 12px; }
.edge path { fill: none; stroke: var(--line); stroke-width: 1.5; marker-end: url(#tip); }
.edge.references path { stroke-dasharray: 2 4; marker-end: none; }
.edge text { display: none; }
"""
_SEQUENCE = """\
rect { fill: var(--card); stroke: var(--edge); }
text { fill: var(--ink); text-anchor: middle; }
.actor { font-weight: 600; }
.life { stroke: var(--edge); stroke-dasharray: 4 4; }
.step { stroke: var(--line); stroke-width: 1.5; fill: none; marker-end: url(#tip); }
.answer { stroke-dasharray: 6 4; }
.said { font-size: 13px; paint-order: stroke; stroke: var(--page); stroke-width: 4px; }
.band { fill: none; stroke: var(--line); stroke-dasharray: 2 3; }
.note { fill: var(--soft); font-size: 12px; text-anchor: end; }
"""
_TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 8 4 0 8z" fill="var(--line)"/></marker>'
)
_WIDE, _HIGH, _TOP = 190, 44, 64

# Who, whom, what; a word in front of the last says that it is an answer, or what is one transaction.
Step = tuple[int, int, str]
REQUEST: tuple[Step, ...] = (
    (0, 1, "POST /orders"),
    (1, 1, "size, rate, who is asking"),
    (1, 2, "store"),
    (2, 2, "the body by its schema"),
    (2, 3, "create"),
    (3, 4, "does the customer exist?"),
    (4, 3, "<yes"),
    (3, 5, "insert"),
    (5, 3, "<committed"),
    (3, 2, "<the order"),
    (2, 0, "<201, or what is wrong with which field"),
)
EVENT: tuple[Step, ...] = (
    (0, 1, "create"),
    (1, 2, "insert the customer"),
    (1, 1, "customers.created"),
    (1, 2, "insert the job"),
    (2, 0, "<committed: both, or neither"),
    (3, 2, "take the next job"),
    (2, 3, "<send_welcome, with a lease"),
    (3, 4, "does it"),
    (3, 2, "it is done"),
)


@cache
def pages() -> dict[str, str]:
    """Return every picture that should be on the disk, by its path from the root."""
    return {
        f"{FOLDER}/map.svg": _map(),
        f"{FOLDER}/request.svg": sequence(
            "A request that makes an order",
            ("Client", "Layers of HTTP", "Controller", "Service", "Connector", "Database"),
            REQUEST,
        ),
        f"{FOLDER}/event.svg": sequence(
            "An event that sets off a job",
            ("Controller", "Service", "Database", "Worker", "The job"),
            EVENT,
            (0, 5, "one transaction"),
        ),
    }


def _map() -> str:
    """Return what `arckode graph` draws of a small shop."""
    with tempfile.TemporaryDirectory() as folder:
        call(Path(folder), "new", "shop", "--no-git")
        root = Path(folder, "shop")
        call(root, "make:module", "customers", "name:str:max=120", "email:email:unique")
        call(root, "make:module", "products", "name:str:max=120", "price:decimal=12.2:min=0")
        call(root, "make:module", "orders", "customer:belongs_to=customers", "total:decimal=12.2:min=0")
        call(
            root, "make:module", "order_lines", "order:belongs_to=orders", "product:belongs_to=products", "n:int:min=1"
        )
        page = call(root, "graph", "--format", "html").out
    found = re.search(r"<main>\s*<svg[^>]*viewBox=\"([^\"]+)\"[^>]*>(.*?)</svg>\s*</main>", page, re.DOTALL)
    assert found is not None, "the page of `arckode graph` has no drawing"
    inner = re.sub(r' (?:tabindex|role|data-[\w-]+)="[^"]*"', "", found[2]).replace("var(--blue)", "var(--line)")
    inner = re.sub(r' aria-label="[^"]*"', "", inner)
    what = "Modules of a shop, their tables, and which of them asks which through a connector"
    return _picture(what, found[1], f"{_STYLE}{_CARDS}", "\n".join(filter(None, map(str.strip, inner.splitlines()))))


def sequence(title: str, actors: Sequence[str], steps: Sequence[Step], band: tuple[int, int, str] | None = None) -> str:
    """Draw who asks whom, in time from top to bottom; `band` frames some of the steps."""
    width, height = _WIDE * len(actors), _TOP + _HIGH * (len(steps) + 1)
    lines = [f"<defs>{_TIP}</defs>"]
    for at, actor in enumerate(actors):
        x = _at(at)
        lines.append(f'<line class="life" x1="{x}" y1="48" x2="{x}" y2="{height - 12}"/>')
        lines.append(f'<rect x="{x - 80}" y="12" width="160" height="36" rx="8"/>')
        lines.append(f'<text class="actor" x="{x}" y="35">{escape(actor)}</text>')
    if band is not None:
        first, last, said = band
        top, bottom = _TOP + _HIGH * first + 4, _TOP + _HIGH * last + 2
        lines.append(f'<rect class="band" x="8" y="{top}" width="{width - 16}" height="{bottom - top}" rx="8"/>')
        lines.append(f'<text class="note" x="{width - 18}" y="{top + 20}">{escape(said)}</text>')
    for number, step in enumerate(steps, 1):
        lines += _message(_TOP + _HIGH * number, *step)
    return _picture(title, f"0 0 {width} {height}", f"{_STYLE}{_SEQUENCE}", "\n".join(lines))


def _message(y: int, source: int, target: int, said: str) -> Iterator[str]:
    kind, text = ("step answer", said[1:]) if said.startswith("<") else ("step", said)
    a, b = _at(source), _at(target)
    if source == target:
        yield f'<path class="{kind}" d="M{a} {y - 16}h26v16h-24"/>'
        yield f'<text class="said" x="{a + 34}" y="{y - 4}" style="text-anchor: start">{escape(text)}</text>'
        return
    yield f'<path class="{kind}" d="M{a} {y}H{b + (2 if b < a else -2)}"/>'
    yield f'<text class="said" x="{(a + b) // 2}" y="{y - 8}">{escape(text)}</text>'


def _at(actor: int) -> int:
    return _WIDE // 2 + _WIDE * actor


def _picture(title: str, box: str, style: str, inner: str) -> str:
    width, height = box.split()[2:]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}" height="{height}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n{inner}\n</svg>\n"
    )
