"""`arckode` alone: every command in its group, with one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen import __version__, commands

if TYPE_CHECKING:
    from pathlib import Path


def show(cwd: Path) -> int:
    """Print the overview and return 0."""
    from rich.console import Console  # only this screen pays for it
    from rich.markup import escape

    console = Console(highlight=False)
    console.print(f"[bold]arckode {__version__}[/bold]: scaffold, grow, migrate and guard a modular Python backend\n")
    console.print(escape("usage: arckode COMMAND [words] [--help]"))
    for group, members in _groups(commands.names(cwd)).items():
        console.print(f"\n[bold]{group}[/bold]")
        for name in members:
            console.print(f"  [cyan]{name:<20}[/cyan] {escape(commands.find(name, cwd).spec.summary)}")
    console.print("\nstart here: [cyan]arckode new shop[/cyan]")
    return 0


def _groups(names: tuple[str, ...]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        prefix, colon, _ = name.partition(":")
        groups.setdefault(prefix if colon else "project", []).append(name)
    return dict(sorted(groups.items(), key=lambda item: item[0] != "project"))
