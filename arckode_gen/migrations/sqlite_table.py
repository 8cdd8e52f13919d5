"""A SQLite table as its CREATE TABLE text tells it: SQLite keeps checks and collations nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.sqltext import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arckode_gen.migrations.sqltext import Token

_COLUMN_WORDS = frozenset(
    {"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"}
)
_TABLE_WORDS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})


@dataclass(frozen=True, slots=True)
class Clause:
    """A constraint of a column or a table; `kind` is its first word in capitals, `text` all after the name."""

    kind: str
    text: str
    name: str = ""

    @property
    def sql(self) -> str:
        return f"CONSTRAINT {quoted(self.name)} {self.text}" if self.name else self.text


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its bare name, its type as it is written, and what follows."""

    name: str
    type: str
    clauses: tuple[Clause, ...] = ()

    @property
    def sql(self) -> str:
        return " ".join(part for part in (quoted(self.name), self.type, *(item.sql for item in self.clauses)) if part)

    @property
    def is_computed(self) -> bool:
        return self.has("GENERATED") or self.has("AS")

    def has(self, kind: str) -> bool:
        return any(clause.kind == kind for clause in self.clauses)

    def text(self, kind: str) -> str:
        """Return a clause of the column, or an empty text."""
        return next((clause.text for clause in self.clauses if clause.kind == kind), "")

    def with_clause(self, kind: str, text: str) -> Column:
        """Return the column with this clause, or without it when the text is empty; the others stay as they are."""
        kept = [clause for clause in self.clauses if clause.kind != kind]
        if not text:
            return replace(self, clauses=tuple(kept))
        place = next((at for at, clause in enumerate(self.clauses) if clause.kind == kind), 0)
        return replace(self, clauses=(*kept[:place], Clause(kind, text), *kept[place:]))


@dataclass(frozen=True, slots=True)
class TableText:
    """A CREATE TABLE statement in its parts."""

    name: str
    columns: tuple[Column, ...]
    constraints: tuple[Clause, ...]
    tail: str = ""

    def sql(self, name: str = "") -> str:
        """Return the statement again, under another name when one is given."""
        parts = [*(column.sql for column in self.columns), *(clause.sql for clause in self.constraints)]
        body = ",\n    ".join(parts)
        return f"CREATE TABLE {quoted(name or self.name)} (\n    {body}\n){' ' if self.tail else ''}{self.tail}"

    def column(self, name: str) -> Column:
        """Return a column by its name.

        Raises:
            RefusedError: the table has none of that name.
        """
        found = next((column for column in self.columns if column.name.lower() == name.lower()), None)
        if found is None:
            raise RefusedError(f"the table {self.name} has no column {name}", "look at the database with its own shell")
        return found

    def checks(self) -> tuple[Clause, ...]:
        """Return every check, whether it stands with its column or on its own."""
        inline = [clause for column in self.columns for clause in column.clauses]
        return tuple(clause for clause in (*inline, *self.constraints) if clause.kind == "CHECK")


def quoted(name: str) -> str:
    """Return a name as SQLite takes it, in quotes only where it needs them."""
    plain = name.isascii() and name.isidentifier() and name.lower() == name and name.upper() not in _RESERVED
    return name if plain else '"' + name.replace('"', '""') + '"'


def bare(text: str) -> str:
    """Return a name without its quotes."""
    if text[:1] in "\"`'" and len(text) > 1:
        return text[1:-1].replace(text[0] * 2, text[0])
    return text[1:-1] if text.startswith("[") else text


def parse(sql: str) -> TableText:
    """Take a CREATE TABLE statement apart.

    Raises:
        RefusedError: it is none, such as that of a virtual table.
    """
    loud = [token for token in tokens(sql, "sqlite") if token.kind != "comment"]
    start = next((at for at, token in enumerate(loud) if token.text == "("), None)
    head = [token for token in loud[:start] if not token.is_silent]
    if start is None or any(token.word in ("VIRTUAL", "AS") for token in head):
        raise RefusedError(f"this is not the definition of a plain table: {sql.splitlines()[0]}", "")
    items, end = _items(loud, start)
    columns = [_column(item) for item in items if _first(item).word not in _TABLE_WORDS]
    constraints = [_clause(item) for item in items if _first(item).word in _TABLE_WORDS]
    return TableText(bare(head[-1].text), tuple(columns), tuple(constraints), _text(loud[end + 1 :]).rstrip(";"))


def clause(sql: str) -> Clause:
    """Take a constraint of a table apart."""
    return _clause([token for token in tokens(sql, "sqlite") if token.kind != "comment"])


def _items(loud: Sequence[Token], start: int) -> tuple[list[list[Token]], int]:
    depth, items = 0, [[]]  # type: tuple[int, list[list[Token]]]
    for at in range(start, len(loud)):
        token = loud[at]
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            return [item for item in items if any(not piece.is_silent for piece in item)], at
        if token.text == "," and depth == 1:
            items.append([])
        elif at != start:
            items[-1].append(token)
    raise RefusedError("the definition of a table is never closed", "")


def _first(item: Iterable[Token]) -> Token:
    return next(token for token in item if not token.is_silent)


def _column(item: list[Token]) -> Column:
    first = _first(item)
    rest = item[item.index(first) + 1 :]
    pieces = _cut(rest)
    return Column(bare(first.text), _text(pieces[0]), tuple(_clause(piece) for piece in pieces[1:]))


def _cut(rest: list[Token]) -> list[list[Token]]:
    """Cut what follows a column's name: its type, then one piece for each clause."""
    pieces: list[list[Token]] = [[]]
    depth, before, named = 0, "", False
    for at, token in enumerate(rest):
        word = token.word if depth == 0 else ""
        following = next((later.word for later in rest[at + 1 :] if not later.is_silent), "")
        if word in _COLUMN_WORDS and not named and not _continues(word, before, following):
            pieces.append([])
        pieces[-1].append(token)
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if not token.is_silent:
            named = word == "CONSTRAINT" or (named and before == "CONSTRAINT")
            before = word or token.text
    return pieces


def _continues(word: str, before: str, following: str) -> bool:
    if before == "SET" or (word == "NULL" and before in ("NOT", "DEFAULT")):
        return True
    return (word == "NOT" and following == "DEFERRABLE") or (word == "AS" and before == "ALWAYS")


def _clause(item: list[Token]) -> Clause:
    loud = [token for token in item if not token.is_silent]
    if loud[0].word != "CONSTRAINT":
        return Clause(loud[0].word, _text(item))
    rest = item[item.index(loud[2]) :]
    return Clause(loud[2].word, _text(rest), bare(loud[1].text))


def _text(pieces: Iterable[Token]) -> str:
    return "".join(" " if token.kind == "space" else token.text for token in pieces).strip()


# Words of https://www.sqlite.org/lang_keywords.html that are no names; more quotes than needed do no harm.
_RESERVED = frozenset(
    """
    ADD ALL ALTER AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE CROSS CURRENT CURRENT_DATE
    CURRENT_TIME CURRENT_TIMESTAMP DEFAULT DEFERRABLE DELETE DISTINCT DROP ELSE ESCAPE EXCEPT EXISTS FOREIGN FROM FULL
    GROUP HAVING IN INDEX INNER INSERT INTERSECT INTO IS ISNULL JOIN LEFT LIMIT NATURAL NOT NOTHING NOTNULL NULL ON OR
    ORDER OUTER PRIMARY REFERENCES RETURNING RIGHT SELECT SET TABLE THEN TO TRANSACTION UNION UNIQUE UPDATE USING VALUES
    WHEN WHERE WITH
    """.split()
)
