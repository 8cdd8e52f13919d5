"""What a person says was renamed, because a name that went and one that came look like a loss and a gain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_gen.errors import UsageError
from arckode_gen.migrations.models.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arckode_gen.migrations.catalogue import Catalogue

_SHAPE = "write --rename orders:purchases for a table, --rename orders.note:orders.remark for a column"


class Renames:
    """Names as they are in the database, and as the models have them; a column is named by its table's new name."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._tables: dict[str, str] = {}
        self._columns: dict[tuple[str, str], str] = {}
        pairs = [self._pair(word) for word in words]
        for old, new in pairs:
            if "." not in old:
                self._tables[old] = new
        for old, new in pairs:
            if "." in old:
                self._add(old, new)

    def _pair(self, word: str) -> tuple[str, str]:
        old, colon, new = word.partition(":")
        if not colon or not old or not new or old.count(".") != new.count(".") or old.count(".") > 1:
            raise UsageError(f"--rename {word}: it does not say what became what", _SHAPE)
        return old, new

    def _add(self, old: str, new: str) -> None:
        table, _, column = old.partition(".")
        new_table, _, new_column = new.partition(".")
        if new_table not in (table, self.table(table)):
            raise UsageError(f"--rename {old}:{new}: a column does not move to another table", _SHAPE)
        self._columns[self.table(table), column] = new_column

    def check(self, live: Catalogue, model: Catalogue) -> None:
        """Pass when every old name is the database's and every new one the models'.

        Raises:
            UsageError: one is not.
        """
        pairs = [(f"table {old}", f"table {new}") for old, new in self._tables.items()]
        pairs += [(f"column {self._old(t)}.{o}", f"column {t}.{n}") for (t, o), n in self._columns.items()]
        for old, new in pairs:
            if old not in live:
                raise UsageError(f"--rename: the database has no {old}", _SHAPE)
            if new not in model:
                raise UsageError(f"--rename: the models have no {new}", _SHAPE)
            if new in live:
                raise UsageError(f"--rename: the database has a {new} already", "drop or rename that one first")

    def _old(self, table: str) -> str:
        return next((old for old, new in self._tables.items() if new == table), table)

    def table(self, old: str) -> str:
        return self._tables.get(old, old)

    def old_column(self, table: str, new: str) -> str:
        return next((old for (name, old), found in self._columns.items() if (name, found) == (table, new)), new)

    def new_column(self, table: str, old: str) -> str:
        return self._columns.get((table, old), old)

    def steps(self) -> Iterator[Step]:
        """Yield the steps that carry them out, tables first."""
        for old, new in sorted(self._tables.items()):
            yield Step("rename table", new, "", old, new)
        for (table, old), new in sorted(self._columns.items()):
            yield Step("rename column", table, new, old, new)

    def applied(self, live: Catalogue) -> Catalogue:
        """Return the database's catalogue as it will be after the renames."""
        if not self._tables and not self._columns:
            return live
        return {self._name(name): self._text(name, text) for name, text in live.items()}

    def _name(self, name: str) -> str:
        kind, rest = _split(name)
        table = re.match(r"[^.(]*", rest)
        old = table[0] if table else rest
        new, ending = self.table(old), rest[len(old) :]
        if kind in ("column", "null", "default", "comment"):
            column = ending.removeprefix(".")
            return f"{kind} {new}.{self.new_column(new, column)}" if ending else f"{kind} {new}"
        if ending.startswith("("):
            ending = self._text(f"table {old}", ending)
        return f"{kind} {new}{ending}"

    def _text(self, name: str, text: str) -> str:
        """Put the new names into a definition, as the server will: words that are names, outside of texts."""
        _, rest = _split(name)
        owner = self.table(re.split(r"[.(]", rest)[0])
        words = {old.lower(): new for old, new in self._tables.items()}
        words |= {old.lower(): new for (table, old), new in self._columns.items() if table == owner}

        def new(match: re.Match[str]) -> str:
            found = words.get(match[0].lower())
            if found is None:
                return match[0]
            return found.upper() if match[0].isupper() else found

        parts = re.split(r"('(?:[^']|'')*')", text)
        return "".join(part if part.startswith("'") else re.sub(r"\w+", new, part) for part in parts)


def _split(name: str) -> tuple[str, str]:
    kind = next(
        (kind for kind in ("foreign key", "primary key") if name.startswith(f"{kind} ")), name.partition(" ")[0]
    )
    return kind, name[len(kind) + 1 :]
