"""Reads `stub.yml` key by key, so that every mistake in it is one message with the file, the place and the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, cast

from arckode_gen.errors import CrashError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

_KINDS = {"dict": "keys and values", "list": "a list", "str": "text", "bool": "true or false", "NoneType": "nothing"}


@dataclass(frozen=True, slots=True)
class Entry:
    """Keys and values of a stub, and where they stand; every method raises CrashError naming that place and its key."""

    where: str
    values: Mapping[str, object]

    def only(self, known: Collection[str]) -> Entry:
        """Refuse keys that mean nothing."""
        for key in self.values:
            if key not in known:
                raise CrashError(f"{self.where}: unknown key '{key}'", nearest(str(key), known) or _one_of(known))
        return self

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key)
        if value is None:
            return default
        return value if isinstance(value, str) else self.fail(key, "text", value)

    def required(self, key: str) -> str:
        if not self.has(key):
            raise CrashError(f"{self.where}: '{key}' is missing")
        return self.text(key)

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        return value if isinstance(value, bool) else self.fail(key, "true or false", value)

    def number(self, key: str, default: int) -> int:
        value = self.values.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return self.fail(key, "a whole number", value)

    def choice(self, key: str, choices: Collection[str], default: str) -> str:
        """Return one of a closed list of words."""
        word = self.text(key, default)
        if word in choices:
            return word
        hint = nearest(word, choices) or _one_of(choices)
        raise CrashError(f"{self.where}: '{key}' is '{word}', which does not exist", hint)

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; whole numbers are words too, `yes` and `no` are not until they are quoted."""
        items = self._items(key)
        for item in items:
            if isinstance(item, bool) or not isinstance(item, str | int):
                self.fail(key, "a list of words (quote `yes`, `no` and numbers with a point)", item)
        return tuple(str(item) for item in items)

    def entries(self, key: str, known: Collection[str]) -> tuple[Entry, ...]:
        """Return a list of mappings, each with no other keys than the known."""
        return tuple(
            entry(f"{self.where}: {key} {number}", item).only(known) for number, item in enumerate(self._items(key), 1)
        )

    def fail(self, key: str, expected: str, found: object) -> NoReturn:
        raise CrashError(f"{self.where}: '{key}' must be {expected}, not {_kind(found)}")

    def _items(self, key: str) -> list[object]:
        value = self.values.get(key)
        if value is None:
            return []
        return cast("list[object]", value) if isinstance(value, list) else self.fail(key, "a list", value)


def read(file: Path) -> Entry:
    """Read a whole `stub.yml`.

    Raises:
        CrashError: it cannot be read, is not YAML or holds no keys.
    """
    import yaml  # listing commands needs no YAML

    from arckode_gen.engine import yaml_text

    try:
        document = yaml_text.parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CrashError(f"{file} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise CrashError(f"{file} is not valid YAML: {error}") from error
    return entry(str(file), document)


def entry(where: str, value: object) -> Entry:
    """Take what YAML read for keys and values.

    Raises:
        CrashError: it is something else.
    """
    if not isinstance(value, dict):
        raise CrashError(f"{where}: expected keys and values, found {_kind(value)}")
    return Entry(where, cast("Mapping[str, object]", value))


def _kind(value: object) -> str:
    kind = _KINDS.get(type(value).__name__, "")
    return f"{value!r}" if kind in {"", "text", "true or false"} else kind


def _one_of(known: Collection[str]) -> str:
    return f"one of {', '.join(sorted(known))}"
