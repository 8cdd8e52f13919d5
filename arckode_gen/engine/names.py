"""The only inflector: a name in every spelling the generated project uses, its number stated and never guessed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from arckode_gen.engine import reserved
from arckode_gen.engine.inflection import number, plural_of, singular_of
from arckode_gen.errors import UsageError

MAX_LENGTH = 50


def to_snake(word: str) -> str:
    """Spell `orderItem`, `OrderItem`, `order-item` or `order item` as `order_item`; `HTTPServer` is `http_server`."""
    split = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", word)
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", split)
    return re.sub(r"[\s_-]+", "_", split).strip("_").lower()


def to_pascal(word: str) -> str:
    return to_snake(word).title().replace("_", "")


def to_camel(word: str) -> str:
    """Spell a word as pydantic's `to_camel` does, which writes the JSON of a generated project."""
    pascal = to_pascal(word)
    return pascal[:1].lower() + pascal[1:]


def to_kebab(word: str) -> str:
    return to_snake(word).replace("_", "-")


def identifier(word: str) -> str:
    """Return the word in snake_case, fit for Python.

    Raises:
        UsageError: it is empty, too long, or has a character that identifiers do not.
    """
    if not word.strip("_- \t"):
        raise UsageError("a name is empty", "write a word such as `order_item`")
    odd = re.search(r"[^A-Za-z0-9_ -]", word)
    if odd:
        message = f"{word!r} has the character {odd[0]!r}; a name has letters a-z, digits and underscores"
        raise UsageError(message, _ascii_hint(word))
    snake = to_snake(word)
    if snake[0].isdigit():
        raise UsageError(f"{word!r} starts with a digit; a name starts with a letter", f"did you mean 'n{snake}'?")
    if len(snake) > MAX_LENGTH:
        raise UsageError(f"{word!r} has {len(snake)} characters; a name has at most {MAX_LENGTH}", "shorten it")
    return snake


def _ascii_hint(word: str) -> str:
    spelled = word.replace("ñ", "ni").replace("Ñ", "Ni")
    decomposed = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    plain = to_snake(re.sub(r"[^A-Za-z0-9_ -]+", "_", decomposed))
    return f"did you mean '{plain}'?" if plain and not plain[0].isdigit() else "write a word such as `order_item`"


@dataclass(frozen=True, slots=True)
class Name:
    """An entity's name in singular and plural, both snake_case; build it with `Name.parse`, which checks them."""

    singular: str
    plural: str

    @classmethod
    def parse(cls, word: str, *, singular: str | None = None, plural: str | None = None) -> Name:
        """Understand a name as people write it; what is said outright is not inflected.

        Raises:
            UsageError: it is no identifier, its number cannot be told, or something else needs the name.
        """
        snake = identifier(word)
        one = identifier(singular) if singular is not None else None
        many = identifier(plural) if plural is not None else None
        name = _completed(word, snake, one, many)
        _check_free(name)
        return name

    @property
    def snake(self) -> str:
        return self.singular

    @property
    def pascal(self) -> str:
        return to_pascal(self.singular)

    @property
    def pascal_plural(self) -> str:
        return to_pascal(self.plural)

    @property
    def camel(self) -> str:
        return to_camel(self.singular)

    @property
    def camel_plural(self) -> str:
        return to_camel(self.plural)

    @property
    def kebab(self) -> str:
        return to_kebab(self.singular)

    @property
    def kebab_plural(self) -> str:
        return to_kebab(self.plural)

    @property
    def table(self) -> str:
        return self.plural


def _completed(word: str, snake: str, singular: str | None, plural: str | None) -> Name:
    if singular is not None and plural is not None:
        return Name(singular, plural)
    if plural is not None:
        return Name(_singular(word, plural) if snake == plural else snake, plural)
    if singular is not None:
        return Name(singular, _plural(word, singular) if snake == singular else snake)
    if _is_plural(word, snake):
        return Name(_singular(word, snake), snake)
    return Name(snake, _plural(word, snake))


def _is_plural(word: str, snake: str) -> bool:
    *others, last = snake.split("_")
    if any(number(other, last=False) == "plural" for other in others):
        return True
    told = number(last)
    if told is None:
        raise _doubt(word, snake)
    return told == "plural"


def _plural(word: str, snake: str) -> str:
    *others, last = snake.split("_")
    plural = plural_of(last) if number(last) == "singular" else None
    if plural is None:
        raise _doubt(word, snake)
    return "_".join((*others, plural))


def _singular(word: str, snake: str) -> str:
    parts = snake.split("_")
    singular = [
        singular_of(part) if number(part, last=position == len(parts)) == "plural" else part
        for position, part in enumerate(parts, start=1)
    ]
    if None in singular or singular == parts:
        raise _doubt(word, snake)
    return "_".join(part or "" for part in singular)


def _doubt(word: str, snake: str) -> UsageError:
    message = f"{word!r}: nobody can tell whether {snake.rpartition('_')[2]!r} is one or many"
    return UsageError(message, f"say both, for example `--singular {snake}_entry --plural {snake}_entries`")


def _check_free(name: Name) -> None:
    if name.singular == name.plural:
        message = f"{name.plural!r} is given as singular and as plural; one thing and a list of them need two names"
        raise UsageError(message, f"for example `--singular {name.singular} --plural {name.singular}_list`")
    _check_word(name.plural, name.plural, f"my_{name.plural}")
    _check_word(name.singular, name.plural, f"my_{name.plural}")


def _check_word(word: str, plural: str, suggestion: str) -> None:
    hint = f"choose another name, such as `{suggestion}`"
    if word in reserved.PYTHON_WORDS or to_pascal(word) in reserved.PYTHON_WORDS:  # a class could not be called `None`
        raise UsageError(f"{word!r} is a word of Python's own", hint)
    if word in reserved.PROJECT_NAMES:
        raise UsageError(f"{word!r} would hide a part of the project with that name", hint)
    if word == plural and (word in reserved.SQL_WORDS or word.startswith("sqlite_")):
        raise UsageError(f"{word!r} is a reserved word in SQL and cannot name a table", hint)
