"""The files of a safe form: expand now, fill in batches, settle, and a contract that waits for a release."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arckode_gen.engine.agreed_drops import agreed, reason
from arckode_gen.migrations.sqltext import tokens
from arckode_gen.migrations.writing import dictionary, notes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arckode_analyzers.sql.safe_form import Fill, Piece, SafeForm
    from arckode_gen.migrations.dialects import Dialect

_CONTRACT = (
    "Rename this file without the `_` once no code that is running uses what it takes away: until then\nno run sees it."
)

_EMPTY = "going back, the column is there again and what it held is not"


@dataclass(frozen=True, slots=True)
class Others:
    """What the file says for the engines that stay as they are, by key."""

    up: Mapping[str, Sequence[str]] = field(default_factory=dict)
    down: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Safe:
    """The form of each engine that gets one, and what else the file says.

    `backs` are the statements that take back one that stays as it is, by engine and statement; a piece that is not in
    it brings its own. `notes` and `unreturned` are what the first file says of itself and of its way back.
    """

    forms: Mapping[Dialect, SafeForm]
    others: Others = Others()
    backs: Mapping[Dialect, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    unreturned: Sequence[str] = ()

    def back(self, dialect: Dialect, pieces: Sequence[Piece]) -> list[str]:
        """Return what takes the pieces back, the last first."""
        known = self.backs.get(dialect, {})
        return [sql for piece in reversed(pieces) for sql in known.get(piece.up, (piece.down,) if piece.down else ())]


def names(name: str, forms: Sequence[SafeForm], stamps: Sequence[str]) -> dict[str, str]:
    """Return the file name of each phase that has something to do; the contract's `_` keeps it out of every run."""
    slug = name.partition("_")[2]
    later = iter(stamps)
    found = {"expand": name}
    phases = {
        "fill": any(form.fills for form in forms),
        "settle": any(form.settle for form in forms),
        "contract": any(form.contract for form in forms),
    }
    for phase, has_any in phases.items():
        if has_any:
            found[phase] = f"{'_' if phase == 'contract' else ''}{next(later)}_{slug}_{phase}"
    return found


def files(name: str, safe: Safe, stamps: Sequence[str]) -> dict[str, str]:
    """Return the text of each file by its name; the later ones do nothing on engines that stay as they are."""
    named = names(name, list(safe.forms.values()), stamps)
    title = name.partition("_")[2].replace("_", " ")
    nothing: dict[str, Sequence[str]] = dict.fromkeys(safe.others.up, ())
    later = Safe(safe.forms, Others(nothing, nothing), safe.backs)
    notes = ["", *notes_of([*safe.notes, *safe.unreturned])] if safe.notes else []
    said = "\n".join([f"Expand: {title}.", *notes, *([""] if notes else [])])
    written = {named["expand"]: _statements(said, {each: form.expand for each, form in safe.forms.items()}, safe)}
    if "fill" in named:
        written[named["fill"]] = _program(f"Fill in batches: {title}.", safe)
    if "settle" in named:
        settled = {each: form.settle for each, form in safe.forms.items()}
        written[named["settle"]] = _statements(f"Settle: {title}.", settled, later)
    if "contract" in named:
        contracts = {each: form.contract for each, form in safe.forms.items()}
        gone = any(" DROP COLUMN " in piece.up for form in safe.forms.values() for piece in form.contract)
        back = "".join(["\n", *(f"{line}\n" for line in notes_of([_EMPTY]))]) if gone else ""
        written[named["contract"]] = _statements(
            f"Contract: {title}.\n\n{_CONTRACT}\n{back}", contracts, later, is_contract=True
        )
    return written


def _statements(title: str, pieces: Mapping[Dialect, Sequence[Piece]], safe: Safe, *, is_contract: bool = False) -> str:
    lines = [f'"""{title}"""', "", *_apart(pieces), *_said(pieces, is_contract=is_contract)]
    up: dict[str, Sequence[str]] = {each: [piece.up for piece in of] for each, of in pieces.items()}
    down: dict[str, Sequence[str]] = {each: safe.back(each, of) for each, of in pieces.items()}
    lines += dictionary("UP", {**safe.others.up, **up})
    if any(down.values()):
        lines += ["", *dictionary("DOWN", {**safe.others.down, **down})]
    return "\n".join([*lines, ""])


def _said(pieces: Mapping[Dialect, Sequence[Piece]], *, is_contract: bool) -> list[str]:
    """Say why it may: a contract's `_` goes after the release, and what writes to SQLite is stopped before."""
    if is_contract:
        text = "\n".join(piece.up for of in pieces.values() for piece in of)
        return agreed(text, "no code that is running uses it any more").splitlines()
    alone = "\n".join(piece.up for piece in pieces.get("sqlite", ()))
    said = agreed(alone, "one process writes to SQLite: stop it, migrate, start the new code")
    if not said and any(piece.up.endswith(" DROP NOT NULL") for of in pieces.values() for piece in of):
        said = reason("the column goes with the next release, and code that does not write it must be able to insert")
    return said.splitlines()


def _apart(pieces: Mapping[Dialect, Sequence[Piece]]) -> list[str]:
    """A check that is added and validated in one transaction would hold the strong lock of the first for the second."""
    is_apart = any(
        any(piece.up.endswith(" NOT VALID") for piece in of) and any(" VALIDATE " in each.up for each in of)
        for of in pieces.values()
    )
    return ["TRANSACTION = False", ""] if is_apart else []


def _program(title: str, safe: Safe) -> str:
    """Each batch is a transaction of its own: one around them all would lock every row until the last."""
    lines = [f'"""{title}"""', "", "TRANSACTION = False", "", ""]
    lines += ["async def up(db):", '    """Change the rows in batches, by key."""']
    alike: dict[tuple[Fill, ...], list[Dialect]] = {}
    for dialect, form in sorted(safe.forms.items()):
        alike.setdefault(tuple(form.fills), []).append(dialect)
    everywhere = len(alike) == 1 and not safe.others.up
    for fills, dialects in alike.items():
        if fills and not everywhere:
            lines.append(f"    if {_is_one_of(dialects)}:")
        for fill in fills:
            lines += [f"{'' if everywhere else '    '}{line}" for line in _batches(fill, dialects[0])]
    lines += ["", "", "async def down(db):", '    """Leave the values."""']
    return "\n".join([*lines, ""])


def _is_one_of(dialects: Sequence[Dialect]) -> str:
    if len(dialects) == 1:
        return f'db.dialect == "{dialects[0]}"'
    return f"db.dialect in ({', '.join(json.dumps(each) for each in dialects)})"


def _batches(fill: Fill, dialect: Dialect) -> Iterator[str]:
    where = _asking(fill.where, dialect)
    alone, also = (f" WHERE {where}", f" AND {where}") if where else ("", "")
    query = f"SELECT {fill.key} FROM {fill.table}{alone}"  # noqa: S608  # it is written, not run
    assignment = _asking(fill.assignment, dialect)
    change = f"UPDATE {fill.table} SET {assignment} WHERE {fill.key} BETWEEN ? AND ?{also}"  # noqa: S608  # it is written, not run
    yield f'    async for rows in db.batches({_quoted(query)}, key="{fill.key}"):'
    yield f'        first, last = rows[0]["{fill.key}"], rows[-1]["{fill.key}"]'
    yield f"        await db.execute({_quoted(change)}, first, last)"


def _asking(sql: str, dialect: Dialect) -> str:
    """Double the question marks that are operators: a single one stands for a parameter."""
    return "".join("??" if token.text == "?" else token.text for token in tokens(sql, dialect))


def _quoted(text: str) -> str:
    """Return a text as Python writes it, in double quotes."""
    return json.dumps(text, ensure_ascii=False)
