"""A plan as people read it: a tree of what happens, or the diff; colours only where a terminal shows them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from arckode_gen.shell.diff import unified_diff
from arckode_gen.shell.formats import PlanDocument, action_of, plan_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.tree import Tree

    from arckode_gen.engine.plan import Change, Plan

__all__ = ["PlanDocument", "plan_json", "present_diff", "present_tree"]

RECORDS = ".arckode/"

_STYLES = {"create": "green", "update": "yellow", "delete": "red"}
_ANSI = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
_HEADINGS = ("diff ", "index ", "--- ", "+++ ", "new file", "deleted file", "old mode", "new mode", "Binary")


def present_tree(plan: Plan, *, terminal: bool | None = None) -> str:
    """Return what happens to which file; `terminal=None` asks standard output. There is no final newline."""
    if plan.is_noop:
        return "\n".join(("nothing to do", *_remarks(plan)))
    shown = _tree(plan) if _on_terminal(terminal) else _list(plan)
    return "\n".join((shown, *_remarks(plan)))


def present_diff(plan: Plan, *, terminal: bool | None = None) -> str:
    """Return the diff of every file, `.arckode/` included; away from a terminal `git apply` gives the exact tree."""
    on_terminal = _on_terminal(terminal)
    text = unified_diff(plan, binary=not on_terminal)
    return _coloured(text) if on_terminal and _may_colour() else text


def _on_terminal(terminal: bool | None) -> bool:
    return sys.stdout.isatty() if terminal is None else terminal


def _may_colour() -> bool:
    return not os.environ.get("NO_COLOR")


def _list(plan: Plan) -> str:
    lines = [f"{action_of(c)}  {c.path}  {_extent(c)}{_because(c)}" for c in _own(plan)]
    return "\n".join((*lines, *_folded(plan)))


def _tree(plan: Plan) -> str:
    from rich.console import Console  # a terminal is the only place that pays for rich
    from rich.text import Text
    from rich.tree import Tree

    top = Tree(Text(plan.command))
    folders: dict[str, Tree] = {"": top}
    for change in _own(plan):
        folder, _, name = change.path.rpartition("/")
        action = action_of(change)
        label = Text.assemble((f"{action} ", _STYLES[action]), name, (f"  {_extent(change)}{_because(change)}", "dim"))
        _branch(folders, folder).add(label)
    for line in _folded(plan):
        top.add(Text(line, style="dim"))
    console = Console(force_terminal=True, no_color=not _may_colour(), highlight=False)
    with console.capture() as captured:
        console.print(top)
    return captured.get().rstrip("\n")


def _branch(folders: dict[str, Tree], folder: str) -> Tree:
    if folder not in folders:
        from rich.text import Text

        above, _, name = folder.rpartition("/")
        folders[folder] = _branch(folders, above).add(Text(f"{name}/"))
    return folders[folder]


def _own(plan: Plan) -> list[Change]:
    """Return the changes that concern a person, in order of path."""
    return sorted((c for c in plan.changes if not c.path.startswith(RECORDS)), key=lambda c: c.path)


def _folded(plan: Plan) -> list[str]:
    count = sum(change.path.startswith(RECORDS) for change in plan.changes)
    return [f"{RECORDS}  {count} {'record' if count == 1 else 'records'} kept by arckode"] if count else []


def _remarks(plan: Plan) -> Iterable[str]:
    for note in plan.notes:
        yield f"note: {note}"
    for step in plan.steps:
        yield f"next: {step.description}{f': {step.command}' if step.command else ''}"


def _because(change: Change) -> str:
    return f"  ({change.reason})" if change.reason else ""


def _extent(change: Change) -> str:
    if change.before is None or change.after is None:
        state = change.before or change.after
        return _size(len(state.content) if state else 0)
    if change.before.content == change.after.content:
        return "now executable" if change.after.executable else "no longer executable"
    return f"{_size(len(change.before.content))} -> {_size(len(change.after.content))}"


def _size(count: int) -> str:
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB"


def _coloured(text: str) -> str:
    return "\n".join(_colour(line) for line in text.split("\n"))


def _colour(line: str) -> str:
    if line.startswith(_HEADINGS):
        return f"\x1b[1m{line}\x1b[0m"
    code = _ANSI.get(line[:1])
    return f"{code}{line}\x1b[0m" if code else line
