"""`arckode place`: where code goes, and which command makes it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from arckode_gen import commands
from arckode_gen.engine import places, project
from arckode_gen.engine.project import Disk
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_gen.engine.places import Kind, Place
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "place",
    "Say where code goes, and which command makes it.",
    examples=(
        'arckode place "a rate limiter for orders"',
        'arckode place "send a receipt by mail every night" --json',
        'arckode place "una columna para los pedidos"',
    ),
    params=(Param("text", kind="argument", required=True, help="What you want to write, in a few words."),),
    details=(
        "The best place comes first, at most three are named. English and Spanish words are understood; a module that "
        'the text names is taken for `<module>`. `--json` prints {"version", "asked", "module", "understood", '
        '"places": [{"path", "what", "command", "skill"}]}; where "understood" is false no word was, and the place is '
        "that of a rule of the business."
    ),
)


def run(call: Call) -> int:
    """Answer.

    Raises:
        UsageError: there is no text, or no project.
    """
    text = call.text("text").strip()
    if not text:
        raise UsageError(
            "nothing was asked", "say what you want to write, as in `arckode place 'a discount for orders'`"
        )
    root = project.find_root(call.cwd)
    snapshot = Disk(root)
    package = project.manifest(snapshot)["package"]
    folder = f"src/{package}/modules"
    modules = [path.split("/")[-2] for path in snapshot.glob(f"{folder}/*/__init__.py")]
    found = places.find(text, _kinds(call), package, modules)
    if call.json:
        document = {"version": 1, "asked": text, "module": found.module, "understood": found.is_understood}
        call.write(
            json.dumps({**document, "places": [asdict(each) for each in found.places]}, indent=2, ensure_ascii=False)
        )
        return 0
    if not found.is_understood:
        call.say("none of these words is known; a rule of the business goes here, and `arckode list` names the rest")
    call.write("\n\n".join(map(_told, found.places)))
    return 0


def _kinds(call: Call) -> Iterator[Kind]:
    yield from places.WRITTEN
    yield from map(places.generated, commands.generators(call.cwd))


def _told(place: Place) -> str:
    lines = [place.path or "(no file of its own)", f"  {place.what}"]
    if place.command:
        lines.append(f"  make it: {place.command}")
    lines.append(f"  read: .agents/skills/{place.skill}/SKILL.md")
    return "\n".join(lines)
