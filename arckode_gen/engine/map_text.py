"""A project's map in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.engine.map_tables import MappedColumn
    from arckode_gen.engine.project_map import MappedModule, ProjectMap

Section = tuple[str, tuple[tuple[str, ...], ...]]


def headline(found: ProjectMap) -> str:
    """Return how much there is of everything, in one line."""
    counts = [
        _count(len(found["modules"]), "module"),
        _count(len(found["tables"]), "table"),
        _count(len(found["routes"]), "route"),
        _count(len(found["connectors"]), "connector"),
        _count(len(found["migrations"]), "migration"),
        _count(len(found["seeds"]), "seed"),
        _count(sum(found["findings"].values()), "finding"),
    ]
    return f"{found['name']}: {', '.join(counts)}"


def sections(found: ProjectMap) -> Iterator[Section]:
    """Yield a title and its rows; what a project has none of is left out."""
    everything: tuple[Section, ...] = (
        ("modules", tuple((each["name"], _module(each)) for each in found["modules"])),
        ("tables", tuple((each["name"], ", ".join(map(_column, each["columns"]))) for each in found["tables"])),
        (
            "routes",
            tuple(
                (each["method"], each["path"] or "?", each["access"] or "-", each["operation"] or each["action"])
                for each in found["routes"]
            ),
        ),
        (
            "connectors",
            tuple(
                (
                    each["name"],
                    f"{each['module'] or '?'} asks {', '.join(each['asks']) or '?'}{_unwired(each['wired'])}",
                )
                for each in found["connectors"]
            ),
        ),
        ("migrations", tuple((path,) for path in found["migrations"])),
        (
            "seeds",
            tuple(
                (each["name"], f"after {', '.join(each['after'])}" if each["after"] else "") for each in found["seeds"]
            ),
        ),
        ("unreadable", tuple((path,) for path in found["unreadable"])),
        ("findings", tuple((code, str(count)) for code, count in found["findings"].items())),
        ("grow it", tuple((f"arckode {name}", summary) for name, summary in found["commands"].items())),
    )
    return ((title, rows) for title, rows in everything if rows)


def _module(module: MappedModule) -> str:
    kept = {"tests": module["tests"], "seed": module["seed"], "migration": module["migrations"]}
    words = [*module["parts"], *(name for name, value in kept.items() if value)]
    lacking = [*module["missing"], *(["tests"] if not module["tests"] else [])]
    without = f"; without {', '.join(lacking)}" if lacking else ""
    asks = f"; asks {', '.join(module['asks'])}" if module["asks"] else ""
    return f"{' '.join(words)}{without}{asks}{_unwired(module['wired'])}"


def _unwired(wired: bool) -> str:
    return "" if wired else "; not wired in the composition root"


def _column(column: MappedColumn) -> str:
    marks = [
        *(["null"] if column["null"] else []),
        *(["unique"] if column["unique"] else []),
        *([f"-> {column['references']}"] if column["references"] else []),
    ]
    return " ".join((f"{column['name']} {column['type']}".rstrip(), *marks))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
