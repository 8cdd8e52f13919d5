"""Which expressions hold a secret: by the type they have, and by what made them, never by how they are called."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.origins import package_of
from arckode_analyzers.model.project import is_judged
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_Key: TypeAlias = tuple[str, int, int]
_Place: TypeAlias = "tuple[Source, int, Shape]"
_HASHING = frozenset(
    {
        "kernel.hash_password",
        "bcrypt.hashpw",
        "werkzeug.security.generate_password_hash",
        "django.contrib.auth.hashers.make_password",
        "hashlib.scrypt",
        "hashlib.pbkdf2_hmac",
    }
)
_HASH_PACKAGES = frozenset({"passlib", "pwdlib", "argon2", "bcrypt"})
_CHECKING = frozenset({"kernel.verify_password", "bcrypt.checkpw", "werkzeug.security.check_password_hash"})
_SECRET_READS = frozenset({"pydantic.SecretStr.get_secret_value", "pydantic.SecretBytes.get_secret_value"})
_PASSWORD_FORMS = frozenset(
    {
        "fastapi.security.OAuth2PasswordRequestForm",
        "fastapi.security.OAuth2PasswordRequestFormStrict",
        "fastapi.security.oauth2.OAuth2PasswordRequestForm",
        "fastapi.security.HTTPBasicCredentials",
    }
)
_TOKEN_MAKERS = frozenset({"kernel.new_token"})
_HASH_WORDS = re.compile("|".join(sorted({each.rpartition(".")[2] for each in _HASHING} | _HASH_PACKAGES)).encode())
_TOKEN_WORDS = re.compile("|".join(each.rpartition(".")[2] for each in sorted(_TOKEN_MAKERS)).encode())
_DEEPEST = 6


class SecretValues:
    """Answers for one project; `hashed` and `tokens` are the fields of models that hold such values."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._no_hash: set[_Key] = set()

    @cached_property
    def _names_a_hash(self) -> bool:
        """Tell whether anything that hashes is named somewhere: under another name it is imported by its own."""
        return any(source.holds(_HASH_WORDS) for source in self._analysis.project.sources.values())

    @cached_property
    def hashed(self) -> frozenset[tuple[str, str]]:
        """The fields, by model, that somewhere receive the hash of a password."""
        if not self._names_a_hash:
            return frozenset()
        return frozenset(found for source in self._sources() for found in self._stored(source))

    @cached_property
    def tokens(self) -> frozenset[tuple[str, str]]:
        """The fields, by model, that the runtime fills with a fresh token."""
        found = set()
        if not any(source.holds(_TOKEN_WORDS) for source in self._analysis.project.sources.values()):
            return frozenset()
        for source in self._sources():
            for row in source.facts.bindings:
                if row.owner < 0 or row.value is None or row.target[0] != "name":
                    continue
                parts = (part for part in within(row.value) if part[0] in {"name", "attr"})
                values = (self._analysis.value(source, row.function, part) for part in parts)
                if any(value is not None and value.name in _TOKEN_MAKERS for value in values):
                    found.add((source.class_symbols[row.owner], str(row.target[1])))
        return frozenset(found)

    def _sources(self) -> Iterator[Source]:
        return (source for source in self._analysis.project.sources.values() if is_judged(source))

    def holds(self, source: Source, function: int, shape: Shape) -> str:
        """Return what secret an expression is, in words, or nothing."""
        match shape:
            case ("call", tuple(func), _, _):
                value = self._analysis.value(source, function, func)
                if value is not None and value.name in _SECRET_READS:
                    return "a secret in the clear"
                return "the hash of a password" if self.is_hash(source, function, shape) else ""
            case ("attr", tuple(base), str(name)):
                return self._attribute(source, function, base, name)
            case ("name", str(name)):
                return self._name(source, function, name)
        return ""

    def _attribute(self, source: Source, function: int, base: Shape, name: str) -> str:
        owner = self._analysis.value(source, function, base)
        if owner is None or owner.kind != "instance":
            return ""
        if owner.name in _PASSWORD_FORMS and name == "password":
            return "the password that was sent"
        ancestors = [ancestor.name for ancestor in self._analysis.resolver.ancestors(owner)]
        is_hashed = any((ancestor, name) in self.hashed for ancestor in ancestors)
        return f"{owner.last}.{name}, which holds the hash of a password" if is_hashed else ""

    def _name(self, source: Source, function: int, name: str) -> str:
        if self._is_password(source, function, name):
            return f"the password '{name}'"
        definitions = source.names.get((function, -1), {}).get(name, ())
        if len(definitions) != 1 or definitions[0].what != "binding":
            return ""
        row = source.facts.bindings[definitions[0].index]
        is_plain = row.how == "=" and row.value is not None and row.value[0] in {"call", "attr"}
        return self.holds(source, function, row.value) if is_plain and row.value is not None else ""

    def _is_password(self, source: Source, function: int, name: str) -> bool:
        """Tell whether a function hands a name to what hashes or checks passwords."""
        for call in source.calls_of.get(function, ()):
            if ("name", name) not in (*call.args[:1], *(shape for _, shape in call.keywords[:1])):
                continue
            value = self._analysis.value(source, function, call.func)
            if value is not None and (self._hashes(value, source, function, call.func) or value.name in _CHECKING):
                return True
        return False

    # Hashes

    def is_hash(self, source: Source, function: int, shape: Shape) -> bool:
        """Tell whether an expression is what a password hashing function answered.

        A breadth-first walk over what it is made of. Where nothing is left to look at, nothing on the way is a hash
        either: without that, code whose functions hand on each other's results would be walked once per way through it.
        """
        if not self._names_a_hash:
            return False
        level = [(source, function, shape)]
        seen: set[_Key] = set()
        for _ in range(_DEEPEST * 4 + 1):
            following: list[_Place] = []
            for place in level:
                key = (place[0].path, place[1], id(place[2]))
                if key in seen or key in self._no_hash:
                    continue
                seen.add(key)
                made_of = self._made_of(*place)
                if made_of is None:
                    return True
                following += made_of
            if not following:
                self._no_hash |= seen
                return False
            level = following
        return False

    def _made_of(self, source: Source, function: int, shape: Shape) -> list[_Place] | None:
        """Return what else to look at to know whether an expression is a hash; None when it is one."""
        match shape:
            case ("call", tuple(func), _, _):
                value = self._analysis.value(source, function, func)
                made_of = [] if value is None else self._answered(value, source, function, func)
                if made_of is not None and func[0] == "attr" and func[2] in {"decode", "hex"}:
                    base = func[1]
                    return [(source, function, base), *made_of] if isinstance(base, tuple) else made_of
                return made_of
            case ("name", str(name)):
                definitions = source.names.get((function, -1), {}).get(name, ())
                rows = (source.facts.bindings[each.index] for each in definitions if each.what == "binding")
                return [(source, function, row.value) for row in rows if row.value is not None]
        return []

    def _hashes(self, value: Value, source: Source, function: int, func: Shape) -> bool:
        made_of = self._answered(value, source, function, func)
        return made_of is None or any(self.is_hash(*place) for place in made_of)

    def _answered(self, value: Value, source: Source, function: int, func: Shape) -> list[_Place] | None:
        """Return what a call answers with; None when that is a hash."""
        if value.name in _HASHING:
            return None
        own = self._analysis.project.functions.get(value.name)
        if own is not None:
            return [(own.source, own.index, row.value) for row in own.source.results_of.get(own.index, ())]
        is_hash = value.kind in {"method", "external"} and value.last == "hash"
        if is_hash and package_of(self._analysis.resolver, source, function, func) in _HASH_PACKAGES:
            return None
        return []

    def _stored(self, source: Source) -> Iterator[tuple[str, str]]:
        for row in source.facts.bindings:
            if row.value is None or not self._may_hash(row.value):
                continue
            match row.target:
                case ("attr", tuple(base), str(name)) if self.is_hash(source, row.function, row.value):
                    owner = self._analysis.value(source, row.function, base)
                    if owner is not None and self._analysis.tables.is_model(Value("class", owner.name)):
                        yield from self._declaring(owner, name)
                case ("item", _, ("const", str(name))) if self.is_hash(source, row.function, row.value):
                    yield from self._only_model(name)
        for call in source.facts.calls:
            value = self._analysis.value(source, call.function, call.func)
            is_model = value is not None and value.kind == "class" and self._analysis.tables.is_model(value)
            for name, shape in call.keywords:
                if value is not None and is_model and self.is_hash(source, call.function, shape):
                    yield from self._declaring(value, name)
            for shape in (*call.args, *(each for _, each in call.keywords)):
                yield from self._in_dicts(source, call.function, shape)

    def _may_hash(self, shape: Shape) -> bool:
        return shape[0] in {"call", "name"}

    def _in_dicts(self, source: Source, function: int, shape: Shape) -> Iterator[tuple[str, str]]:
        match shape:
            case ("dict", tuple(keys), tuple(values)):
                for key, value in zip(keys, values, strict=True):
                    if key[0] == "const" and self._may_hash(value) and self.is_hash(source, function, value):
                        yield from self._only_model(str(key[1]))
            case ("name", str(name)):
                for definition in source.names.get((function, -1), {}).get(name, ()):
                    row = source.facts.bindings[definition.index] if definition.what == "binding" else None
                    if row is not None and row.value is not None and row.value[0] == "dict":
                        yield from self._in_dicts(source, function, row.value)

    def _only_model(self, name: str) -> Iterator[tuple[str, str]]:
        """Say whose field a name is, when only one model declares it."""
        models = [
            symbol
            for symbol, klass in self._analysis.project.classes.items()
            if self._analysis.tables.is_model(Value("class", symbol))
            and name in self.fields(Value("class", symbol))
            and "kernel" not in klass.source.layers
        ]
        if len(models) == 1:
            yield from self._declaring(Value("class", models[0]), name)

    def _declaring(self, model: Value, name: str) -> Iterator[tuple[str, str]]:
        yield (model.name, name)

    def fields(self, model: Value) -> frozenset[str]:
        """Return the names that a class and its bases in the project declare with an annotation or a value."""
        found = set()
        for ancestor in self._analysis.resolver.ancestors(model):
            klass = self._analysis.project.classes.get(ancestor.name)
            if klass is not None:
                rows = klass.source.declared_in.get(klass.index, ())
                found |= {str(row.target[1]) for row in rows if row.target[0] == "name"}
        return frozenset(found)


def carried(shape: Shape) -> Iterator[Shape]:
    """Yield what an answer or a log line shows of an expression: never what is only handed to a function."""
    yield shape
    match shape:
        case ("dict", _, tuple(parts)) | ("display", _, tuple(parts)) | ("either", tuple(parts)):
            inner = parts
        case ("format", tuple(parts)):
            inner = parts
        case ("binary", "%" | "+", tuple(left), tuple(right)):
            inner = (left, right)
        case ("comp", tuple(element), _):
            inner = (element,)
        case ("call", ("attr", ("const", str()) as text, "format"), tuple(args), tuple(pairs)):
            inner = (text, *args, *(value for _, value in pairs))
        case ("call", ("name", "str" | "repr" | "dict" | "list"), tuple(args), tuple(pairs)):
            inner = (*args, *(value for _, value in pairs))
        case _:
            inner = ()
    for part in inner:
        yield from carried(part)
