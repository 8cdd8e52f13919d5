"""Cuts a SQL script into its statements, for `.sql` migrations; Python migrations need no cutting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.errors import RefusedError
from arckode_gen.migrations.dialects import family
from arckode_gen.migrations.sqltext import UnclosedError, loud
from arckode_gen.migrations.steps import Statement

if TYPE_CHECKING:
    from arckode_gen.migrations.dialects import Dialect
    from arckode_gen.migrations.sqltext import Token

_ROUTINES = frozenset({"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"})
_OBJECTS = _ROUTINES | {"TABLE", "VIEW", "INDEX", "SEQUENCE", "TYPE", "SCHEMA", "DATABASE", "ROLE", "USER", "EXTENSION"}
_CONTROL = frozenset({"IF", "LOOP", "WHILE", "REPEAT", "FOR"})


def split(sql: str, dialect: Dialect, first_line: int = 1) -> tuple[Statement, ...]:
    """Return the statements of a script, without the `;` that ends each; lines count from `first_line`.

    MySQL's `DELIMITER` lines are understood as the `mysql` client does.

    Raises:
        RefusedError: something that was opened is never closed, or the script feeds a client (COPY ... FROM stdin).
    """
    try:
        pieces = loud(sql, dialect)
    except UnclosedError as error:
        raise UnclosedError(first_line - 1 + error.line, error.what) from error
    return tuple(_Scan(sql, pieces, dialect, first_line).run())


class _Scan:
    def __init__(self, sql: str, loud: tuple[Token, ...], dialect: Dialect, first_line: int) -> None:
        self._sql = sql
        self._loud = loud
        self._dialect = dialect
        self._first_line = first_line
        self._delimiter = ";"
        self._counted = (0, first_line)

    def run(self) -> list[Statement]:
        found: list[Statement] = []
        index = 0
        while index < len(self._loud):
            if self._is_delimiter_line(index):
                index = self._change_delimiter(index)
                continue
            stop = self._end_of_statement(index)
            if stop > index:
                found.append(self._statement(index, stop))
            index = self._after_delimiter(stop)
        return found

    def _is_delimiter_line(self, index: int) -> bool:
        return family(self._dialect) == "mysql" and self._loud[index].word == "DELIMITER"

    def _change_delimiter(self, index: int) -> int:
        start = self._loud[index].start
        end = self._sql.find("\n", start)
        line = self._sql[start : end if end >= 0 else len(self._sql)]
        self._delimiter = line[len("DELIMITER") :].strip() or ";"
        return self._first_at(index, start + len(line))

    def _first_at(self, index: int, position: int) -> int:
        while index < len(self._loud) and self._loud[index].start < position:
            index += 1
        return index

    def _after_delimiter(self, index: int) -> int:
        if index >= len(self._loud):
            return index
        return self._first_at(index, self._loud[index].start + len(self._delimiter))

    def _ends_here(self, token: Token) -> bool:
        return token.kind == "mark" and self._sql.startswith(self._delimiter, token.start)

    def _end_of_statement(self, start: int) -> int:
        blocks = _Blocks(self._dialect) if self._delimiter == ";" else None
        for index in range(start, len(self._loud)):
            token = self._loud[index]
            if self._ends_here(token) and not (blocks and blocks.depth):
                return index
            if blocks and token.word:
                blocks.see(token.word, self._loud[index + 1].word if index + 1 < len(self._loud) else "")
        if blocks and blocks.depth:
            raise RefusedError(
                f"line {self._line(self._loud[start].start)}: the BEGIN of this statement has no END",
                "close it, then run this again",
            )
        return len(self._loud)

    def _statement(self, start: int, stop: int) -> Statement:
        first, last = self._loud[start], self._loud[stop - 1]
        text = self._sql[first.start : last.start + len(last.text)]
        line = self._line(first.start)
        if first.text == "\\" or (first.word == "COPY" and "STDIN" in text.upper()):
            raise RefusedError(
                f"line {line}: this is for the psql client, not for the server: {text.splitlines()[0]}",
                "write INSERT statements instead",
            )
        return Statement(text, line)

    def _line(self, position: int) -> int:
        at, line = self._counted
        if position < at:
            at, line = 0, self._first_line
        line += self._sql.count("\n", at, position)
        self._counted = (position, line)
        return line


class _Blocks:
    """How deep in BEGIN ... END a statement is; only routines and compound statements have such blocks."""

    def __init__(self, dialect: Dialect) -> None:
        self.depth = 0
        self._family = family(dialect)
        self._created = ""
        self._seen: list[str] = []
        self._after_end = False

    def see(self, word: str, following: str) -> None:
        self._seen.append(word)
        if not self._created and word in _OBJECTS and self._seen[0] == "CREATE":
            self._created = word
        if self._after_end:
            self._after_end = False
            return
        if self._opens(word, following):
            self.depth += 1
        elif word == "END" and self.depth:
            self._after_end = following in _CONTROL or following == "CASE"
            self.depth -= 0 if following in _CONTROL and not self._is_bare_control() else 1

    def _opens(self, word: str, following: str) -> bool:
        if self._family == "mysql" and word == "BEGIN" and len(self._seen) == 1:
            return following == "NOT"
        if self._created not in _ROUTINES:
            return False
        if self._family == "postgresql":
            return (word == "BEGIN" and following == "ATOMIC") or (word == "CASE" and self.depth > 0)
        return word in ("BEGIN", "CASE") or self._starts_bare_control(word)

    def _starts_bare_control(self, word: str) -> bool:
        """A trigger's body may be one IF or LOOP without BEGIN: `... FOR EACH ROW IF x THEN a; END IF`."""
        return self.depth == 0 and word in _CONTROL and len(self._seen) > 1 and self._seen[-2] == "ROW"

    def _is_bare_control(self) -> bool:
        return self.depth == 1 and "BEGIN" not in self._seen
