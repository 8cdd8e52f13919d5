"""What a refused generator shows: the lines that two sides changed, or the words that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.plan import FileState


def first_conflict(path: str, current: FileState, state: FileState, most: int = 24) -> str:
    """Return the first place where both sides changed the same lines; without one, what makes no sense together."""
    lines = state.content.decode("utf-8", "replace").splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith("<<<<<<< ")), None)
    if start is None:
        return difference(path, current, state, most)
    end = next((at for at, line in enumerate(lines) if at > start and line.startswith(">>>>>>> ")), start)
    return "\n".join(f"    {line}" for line in lines[start : min(end + 1, start + most)])


def difference(path: str, current: FileState, new: FileState, most: int = 24) -> str:
    import difflib  # only a refusal pays for it

    before, after = (state.content.decode("utf-8", "replace").splitlines() for state in (current, new))
    lines = list(difflib.unified_diff(before, after, path, "generated", lineterm="", n=1))
    shown = [*lines[:most], *([f"... {len(lines) - most} lines more"] if len(lines) > most else [])]
    return "\n".join(f"    {line}" for line in shown)


def other_words(kind: str, name: str, old: Mapping[str, object], new: Mapping[str, object]) -> tuple[str, str]:
    """Say what differs, and what to do about it."""
    keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    differences = "\n".join(f"  {key}: was {old.get(key)!r}, now {new.get(key)!r}" for key in keys)
    message = f"the {kind} '{name}' exists and was generated from other words\n{differences}"
    had, wanted = (cast("list[object]", words.get("field") or []) for words in (old, new))
    known = {str(word).partition(":")[0] for word in had}
    others = [word for word in wanted if word not in had]
    if kind == "module" and others and all(str(word).partition(":")[0] not in known for word in others):
        return message, f"add fields to it with `arckode make:field {name} {' '.join(map(str, others))}`"
    if kind == "connector" and keys == ["call"] and not new.get("on"):
        hint = f"write the other method by hand, in the connector `{name}` and in the protocol of its port"
        return message, f"two modules are joined once: {hint}"
    return message, "edit it by hand, or start over: `arckode undo` and generate it again, or use --force"


def advice(*, only_wires: bool) -> str:
    """Say what to do; no flag puts a line into a file that has no place for it."""
    if only_wires:
        return "put right what is said of each file, then run this again"
    return (
        "take the text over by hand, or use --markers to have conflicts written into the files, "
        "or --force to overwrite them"
    )
