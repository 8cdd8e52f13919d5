"""Values that schemas allow: the document's own examples and defaults first, else made from what a schema says.

The same document gives the same values. Each is judged by its schema and by its type before it is taken, so that there
is rather none than a wrong one.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, cast

from arckode_gen.client import conforming, patterns
from arckode_gen.client.conforming import Borrowed, Judge, as_object, number
from arckode_gen.client.document import Document, Node, UnsupportedError, text_of
from arckode_gen.client.fitting import Fitter
from arckode_gen.client.naming import words
from arckode_gen.client.schemas import Schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arckode_gen.client.model import Answer, Type

_LONGEST = 2000
_STEPS = 4000
_TRIES = 24
_FAR = 2.0**53
_ABOUT = frozenset(
    "title description default example examples deprecated readOnly writeOnly xml externalDocs $comment".split()
)
_BY_FORMAT = {
    "date-time": ("2026-01-15T09:30:00Z", "2026-01-16T09:30:00Z"),
    "date": ("2026-01-15", "2026-01-16"),
    "time": ("09:30:00Z", "10:30:00Z"),
    "duration": ("P1D", "P2D"),
    "uuid": ("0198c5e1-7a00-7000-8000-000000000001", "0198c5e1-7a00-7000-8000-000000000002"),
    "email": ("ana@example.com", "ben@example.com"),
    "idn-email": ("ana@example.com", "ben@example.com"),
    "hostname": ("example.com", "www.example.com"),
    "idn-hostname": ("example.com", "www.example.com"),
    "ipv4": ("192.0.2.1", "192.0.2.2"),
    "ipv6": ("2001:db8::1", "2001:db8::2"),
    "uri": ("https://example.com/", "https://example.com/2"),
    "url": ("https://example.com/", "https://example.com/2"),
    "iri": ("https://example.com/", "https://example.com/2"),
    "uri-reference": ("/", "/2"),
    "iri-reference": ("/", "/2"),
    "uri-template": ("/{id}", "/{name}"),
    "json-pointer": ("/a", "/b"),
    "relative-json-pointer": ("0", "1"),
    "regex": (".", ".."),
    "byte": ("dGV4dA==", "bW9yZQ=="),
    "base64": ("dGV4dA==", "bW9yZQ=="),
    "decimal": ("12.50", "13.50"),
}
_LIKELY = ("12.50", "1", "a", "A1", "abc", "ABC", "#336699", "en", "en-US", "+34600000000", "2026-01", "a@example.com")
_STRING_WORDS = ("minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType")
_NUMBER_WORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_LIST_WORDS = ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains")
_OBJECT_WORDS = (
    "properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
    "maxProperties", "unevaluatedProperties", "dependentRequired",
)  # fmt: skip


class NoExampleError(ValueError):
    """No value was found that is what a schema says; perhaps there is none."""


class Examples:
    """Makes the examples of one document, as they come out; `circles` has what each schema is in a circle with."""

    def __init__(self, document: Document, types: Mapping[str, Type], circles: Mapping[str, frozenset[str]]) -> None:
        self._document = document
        self._types = types
        self._circles = circles
        self._named: dict[str, object] = {}
        self._reader = Schemas(document)
        self._judge = Judge(document, self._known)
        self._fitter = Fitter(types, self._known)
        self._inside: tuple[str, ...] = ()
        self._is_cut = False  # whether nothing may lead back into the circle
        self._steps = 0

    def named(self, pointer: str) -> object:
        """Return the example of a named schema.

        Raises:
            NoExampleError: there is none.
        """
        if pointer not in self._named:
            outside, steps, was_cut = self._inside, self._steps, self._is_cut
            self._inside, self._is_cut = (pointer,), False
            try:
                raw = self._document.at(pointer, pointer)
                name = pointer.rpartition("/")[2]
                self._named[pointer] = self._best(raw, pointer, self._types[pointer], name)
            except NoExampleError as error:
                self._named[pointer] = error
            finally:
                self._inside, self._steps, self._is_cut = outside, steps, was_cut
        found = self._named[pointer]
        if isinstance(found, NoExampleError):
            raise NoExampleError(pointer)
        return found

    def answer(self, answer: Answer) -> object:
        """Return the example of an answer in JSON.

        Raises:
            NoExampleError: there is none.
        """
        self._inside = ()
        media = as_object(self._document.at(answer.pointer, answer.pointer))
        schema, pointer = media.get("schema", True), f"{answer.pointer}/schema"
        for value in self._said(media, ""):
            if self._is_good(value, schema, answer.type):
                return value
        return self._best(schema, pointer, answer.type, "")

    def _known(self, pointer: str) -> object:
        return self.named(pointer)

    def _best(self, schema: object, pointer: str, found: Type, name: str) -> object:
        """Return the first value that schema and type agree on; the members of a `oneOf` may overlap at the last."""
        for strict in (True, False):
            self._judge.strict = strict
            self._steps = 0
            try:
                for value in itertools.islice(self._values(schema, pointer, name, 0), _TRIES):
                    if self._is_good(value, schema, found):
                        return value
            except NoExampleError:
                continue
            finally:
                self._judge.strict = True
        raise NoExampleError(pointer)

    def _is_good(self, value: object, schema: object, found: Type) -> bool:
        return self._fitter.fits(value, found) and self._judge.conforms(value, schema)

    def _one(self, schema: object, pointer: str, name: str, nth: int) -> object:
        """Return a value for a part of a schema; `nth` asks for another one where all must differ."""
        for value in itertools.islice(self._values(schema, pointer, name, nth), _TRIES):
            if self._judge.conforms(value, schema):
                return value
        raise NoExampleError(pointer)

    def _values(self, schema: object, pointer: str, name: str, nth: int) -> Iterator[object]:
        self._steps += 1
        if schema is False or self._steps > _STEPS:
            raise NoExampleError(pointer)
        if not isinstance(schema, dict):
            yield _label(name, nth)
            return
        node = cast("Node", schema)
        yield from self._said_here(node, pointer, nth)
        own = node.keys() - _ABOUT
        if own == {"$ref"}:
            yield self._referred(str(node["$ref"]), name, nth)
        for word in ("allOf", "oneOf", "anyOf"):
            if own - {"discriminator", "nullable", "type"} == {word}:
                yield from self._members(node, word, pointer, name, nth)
        for parts in itertools.islice(self._alternatives(node, pointer, ()), _TRIES):
            try:
                yield from self._made(_Schema(parts), pointer, name, nth)
            except NoExampleError:
                continue
        if node.get("nullable") is True:
            yield None

    def _said_here(self, node: Node, pointer: str, nth: int) -> Iterator[object]:
        """Yield what the document gives as an example of a schema."""
        values = list(self._said(node, "default"))
        if not values:
            return
        try:
            found = self._reader.read(node, pointer)
        except UnsupportedError:
            return
        for value in values[nth:]:
            if self._fits_read(value, found):
                yield value

    def _fits_read(self, value: object, found: Type) -> bool:
        try:
            return self._fitter.fits(value, found)
        except KeyError:  # the type has a name that the rest of the document never says
            return False

    def _said(self, node: Node, last: str) -> Iterator[object]:
        """Yield the values that a schema or a media type names: `example`, those of `examples`, and its default."""
        found = [node["example"]] if "example" in node else []
        several = node.get("examples")
        if isinstance(several, list):
            found += several
        elif isinstance(several, dict):
            for raw in several.values():
                try:
                    one, _ = self._document.follow(raw, "#")
                except UnsupportedError:
                    continue
                found += [one["value"]] if "value" in one else []
        found += [node[last]] if last in node else []
        yield from (each for each in found if len(json.dumps(each)) <= _LONGEST)

    def _referred(self, pointer: str, name: str, nth: int) -> object:
        in_circle = self._leads_back(pointer)
        if not in_circle and not nth and pointer in self._types:
            self.named(pointer)
            return Borrowed(pointer)
        if pointer in self._inside or (in_circle and self._is_cut):
            raise NoExampleError(pointer)
        outside = self._inside
        self._inside = (*outside, pointer)
        try:
            return self._one(self._document.at(pointer, pointer), pointer, name or pointer.rpartition("/")[2], nth)
        except UnsupportedError as error:
            raise NoExampleError(pointer) from error
        finally:
            self._inside = outside

    def _members(self, node: Node, word: str, pointer: str, name: str, nth: int) -> Iterator[object]:
        """Yield the values of the members of a combination that says nothing else, so that they may be borrowed."""
        members = node[word]
        if not isinstance(members, list) or (word == "allOf" and len(members) != 1):
            return
        listed = list(enumerate(cast("list[object]", members)))
        last = [each for each in listed if each[1] == {"type": "null"}]
        for place, each in [each for each in listed if each not in last] + last:
            try:
                yield self._one(each, f"{pointer}/{word}/{place}", name, nth)
            except NoExampleError:
                continue

    def _alternatives(self, node: Node, pointer: str, seen: tuple[str, ...]) -> Iterator[tuple[Node, ...]]:
        """Yield the plain schemas that a value may follow, all of one tuple at once."""
        self._steps += 1
        if self._steps > _STEPS:
            raise NoExampleError(pointer)
        choices: list[list[tuple[object, Node]]] = []
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference in seen or (self._is_cut and self._leads_back(reference)):
                return
            choices.append([(self._document.at(reference, pointer), {})])
            seen = (*seen, reference)
        members = node.get("allOf")
        if isinstance(members, list):
            choices += [[(each, {})] for each in cast("list[object]", members)]
        for word in ("oneOf", "anyOf"):
            members = node.get(word)
            if isinstance(members, list) and members:
                nulls_last = sorted(cast("list[object]", members), key=lambda each: each == {"type": "null"})
                choices.append([(each, self._tag(each, node)) for each in nulls_last])
        plain = {word: each for word, each in node.items() if word not in {"$ref", "allOf", "oneOf", "anyOf"}}
        for chosen in itertools.islice(itertools.product(*choices), _TRIES):
            inner = [self._plain(each, pointer, seen) for each, _ in chosen]
            tags = tuple(tag for _, tag in chosen if tag)
            for found in itertools.islice(itertools.product(*inner), _TRIES):
                yield (plain, *tags, *itertools.chain.from_iterable(found))

    def _plain(self, schema: object, pointer: str, seen: tuple[str, ...]) -> list[tuple[Node, ...]]:
        if schema is True:
            return [()]
        if not isinstance(schema, dict):
            return []
        return list(itertools.islice(self._alternatives(cast("Node", schema), pointer, seen), _TRIES))

    def _tag(self, member: object, node: Node) -> Node:
        """Return the schema of the key that tells a member from the others."""
        discriminator = as_object(node.get("discriminator"))
        key, target = text_of(discriminator, "propertyName"), text_of(as_object(member), "$ref")
        if not key or not target:
            return {}
        own = target.rpartition("/")[2]
        mapping = as_object(discriminator.get("mapping")).items()
        tag = next((tag for tag, place in mapping if place in (target, own)), own)
        return {"properties": {key: {"const": tag}}, "required": [key]}

    def _made(self, schema: _Schema, pointer: str, name: str, nth: int) -> Iterator[object]:
        if schema.listed is not None:
            values = sorted(schema.listed, key=lambda each: each is None)
            yield from values[nth:]
            return
        for kind in schema.kinds():
            if kind == "object":
                yield from self._objects(schema, pointer, nth)
            elif kind == "array":
                yield self._list(schema, pointer, name, nth)
            elif kind == "string":
                yield from _texts(schema, name, nth)
            elif kind in {"number", "integer"}:
                yield from _numbers(schema, kind, nth)
            elif kind == "boolean":
                yield from (True, False)[nth:]
            elif kind == "null":
                yield None
            else:
                yield _label(name, nth)

    def _objects(self, schema: _Schema, pointer: str, nth: int) -> Iterator[object]:
        """Yield objects: with everything that may be there, then with what must be."""
        try:
            yield self._object(schema, pointer, nth, is_full=True)
        except NoExampleError:
            yield self._object(schema, pointer, nth, is_full=False)
        else:
            yield self._object(schema, pointer, nth, is_full=False)

    def _object(self, schema: _Schema, pointer: str, nth: int, *, is_full: bool) -> Node:
        required = schema.required()
        made: Node = {}
        for key, schemas in schema.properties().items():
            if any(map(self._judge.is_hidden, schemas)):
                continue
            whole = schemas[0] if len(schemas) == 1 else {"allOf": schemas}
            if key not in required and not is_full and not _has_default(schemas):
                continue
            was_cut = self._is_cut
            self._is_cut = was_cut or (key not in required and self._is_around(whole))
            try:
                made[key] = self._other(whole, f"{pointer}/properties/{key}", key, nth)
            except NoExampleError:
                if key in required:
                    raise
            finally:
                self._is_cut = was_cut
        rest = schema.others()
        missing = [key for key in sorted(required) if key not in made and not schema.hides(key)]
        is_map = isinstance(rest, dict) and is_full and not schema.properties()
        least = max(schema.least("minProperties"), is_map)
        keys = schema.keys_allowed()
        extra = (key for key in (keys or (f"key{n or ''}" for n in itertools.count())) if key not in made)
        missing += itertools.islice(extra, max(0, int(least) - len(made) - len(missing)))
        for key in missing:
            made[key] = self._other(schema.of_key(key, rest), pointer, key, nth)
        return made

    def _other(self, schema: object, pointer: str, name: str, nth: int) -> object:
        """Return another value than the first ones, where there is one."""
        if nth:
            try:
                return self._one(schema, pointer, name, nth)
            except NoExampleError:
                pass
        return self._one(schema, pointer, name, 0)

    def _leads_back(self, pointer: str) -> bool:
        """Tell whether a schema is made of the one whose example is being made."""
        return bool(self._inside) and pointer in self._circles.get(self._inside[0], ())

    def _is_around(self, schema: object) -> bool:
        return any(map(self._leads_back, _references(schema)))

    def _list(self, schema: _Schema, pointer: str, name: str, nth: int) -> object:
        first, rest = schema.items()
        least, most = int(schema.least("minItems")), schema.most("maxItems")
        wanted = max(least, len(first), 0 if least == 0 and (rest is False or self._is_around(rest)) else 1, nth)
        wanted = int(min(wanted, most, 50))
        made: list[object] = []
        singular = name.removesuffix("s")
        for place in range(wanted):
            item = first[place] if place < len(first) else rest
            other = place - len(first) if schema.is_unique() and place > len(first) else 0
            try:
                made.append(self._one(item, f"{pointer}/items", singular, other))
            except NoExampleError:
                if place < least:
                    raise
                break
        return made


class _Schema:
    """Plain schemas that hold at once."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self.listed = self._listed()

    def _listed(self) -> list[object] | None:
        """Return the only values there may be, if they are listed."""
        lists = [[node["const"]] if "const" in node else node["enum"] for node in self._nodes if node.keys() & _LISTS]
        if not lists:
            return None
        return [
            each
            for each in cast("list[object]", lists[0])
            if all(any(conforming.same(each, one) for one in cast("list[object]", other)) for other in lists[1:])
        ]

    def kinds(self) -> list[str]:
        """Return the kinds of value there may be, null last."""
        said = [node["type"] for node in self._nodes if "type" in node]
        if not said:
            return [self._implied()]
        lists = [cast("list[object]", each) if isinstance(each, list) else [each] for each in said]
        kinds = [str(each) for each in lists[0]]
        for other in lists[1:]:
            kinds = [_narrower(each, other) for each in kinds]
        return sorted((each for each in kinds if each), key=lambda each: each == "null")

    def _implied(self) -> str:
        """Return the kind of value that a schema speaks of without saying so."""
        has = {word for node in self._nodes for word in node}
        for kind, said in _SPEAKING.items():
            if has & said:
                return kind
        return ""

    def properties(self) -> dict[str, list[object]]:
        found: dict[str, list[object]] = {}
        for node in self._nodes:
            for name, each in as_object(node.get("properties")).items():
                found.setdefault(name, []).append(each)
        return found

    def required(self) -> set[str]:
        lists = [node["required"] for node in self._nodes if isinstance(node.get("required"), list)]
        return {name for each in lists for name in cast("list[object]", each) if isinstance(name, str)}

    def hides(self, key: str) -> bool:
        return any(map(Judge.is_hidden, self.properties().get(key, [])))

    def others(self) -> object:
        """Return the schema of keys that have none of their own."""
        said = [node["additionalProperties"] for node in self._nodes if "additionalProperties" in node]
        if not said:
            for node in self._nodes:
                for each in as_object(node.get("patternProperties")).values():
                    return each
            return True
        return said[0] if len(said) == 1 else {"allOf": said}

    def keys_allowed(self) -> list[str]:
        """Return names for keys where the schema is particular about them."""
        found: list[str] = []
        for node in self._nodes:
            names = as_object(node.get("propertyNames"))
            listed = names.get("enum")
            if isinstance(listed, list):
                return [each for each in cast("list[object]", listed) if isinstance(each, str)]
            for pattern in [names.get("pattern"), *as_object(node.get("patternProperties"))]:
                if isinstance(pattern, str):
                    found += (each for each in patterns.texts(pattern) if conforming.matches(pattern, each))
        return list(dict.fromkeys(found))

    def of_key(self, key: str, rest: object) -> object:
        for node in self._nodes:
            for pattern, each in as_object(node.get("patternProperties")).items():
                if conforming.matches(pattern, key):
                    return each
        return rest

    def items(self) -> tuple[list[object], object]:
        """Return the schemas of the first items, and that of all others."""
        for node in self._nodes:
            fixed, items = node.get("prefixItems"), node.get("items", True)
            if isinstance(items, list):
                return cast("list[object]", items), node.get("additionalItems", True)
            if isinstance(fixed, list):
                return cast("list[object]", fixed), items
        said = [node["items"] for node in self._nodes if "items" in node]
        return [], True if not said else said[0] if len(said) == 1 else {"allOf": said}

    def is_unique(self) -> bool:
        return any(node.get("uniqueItems") is True for node in self._nodes)

    def least(self, word: str) -> float:
        return max(number(node, word, 0) for node in self._nodes) if self._nodes else 0

    def most(self, word: str) -> float:
        return min(number(node, word, float("inf")) for node in self._nodes) if self._nodes else float("inf")

    def texts_of(self, word: str) -> list[str]:
        return [found for node in self._nodes if (found := text_of(node, word))]

    def bounds(self) -> tuple[float | None, bool, float | None, bool]:
        """Return the least and the greatest number, and whether each is left out."""
        lows = [low for node in self._nodes for low in [conforming.bounds(node)[0]] if low[0] is not None]
        highs = [high for node in self._nodes for high in [conforming.bounds(node)[1]] if high[0] is not None]
        low = max(lows, key=lambda each: (each[0] or 0, each[1]), default=(None, False))
        high = min(highs, key=lambda each: (each[0] or 0, not each[1]), default=(None, False))
        return (*low, *high)

    def step(self) -> float:
        return next((step for node in self._nodes if (step := number(node, "multipleOf", 0)) > 0), 0)


_LISTS = frozenset({"const", "enum"})
_SPEAKING = {
    "object": frozenset(_OBJECT_WORDS),
    "array": frozenset(_LIST_WORDS),
    "string": frozenset(_STRING_WORDS),
    "number": frozenset(_NUMBER_WORDS),
}


def _narrower(kind: str, others: Sequence[object]) -> str:
    """Return what is of one kind and of one of others; empty when nothing is."""
    if kind in others:
        return kind
    if kind == "number" and "integer" in others:
        return "integer"
    return kind if kind == "integer" and "number" in others else ""


def _has_default(schemas: Sequence[object]) -> bool:
    return any(isinstance(each, dict) and "default" in each for each in schemas)


def _references(schema: object, depth: int = 0) -> Iterator[str]:
    """Yield the references in a schema, wherever they are."""
    if isinstance(schema, dict) and depth < _TRIES:
        for word, each in cast("Node", schema).items():
            if word == "$ref" and isinstance(each, str):
                yield each
            elif word not in _ABOUT:
                yield from _references(each, depth + 1)
    elif isinstance(schema, list) and depth < _TRIES:
        for each in cast("list[object]", schema):
            yield from _references(each, depth + 1)


def _label(name: str, nth: int) -> str:
    """Return a text that says where it stands."""
    return " ".join([" ".join(words(name)).lower() or "text", *([str(nth + 1)] if nth else [])])


def _texts(schema: _Schema, name: str, nth: int) -> Iterator[str]:
    least, most = int(schema.least("minLength")), schema.most("maxLength")
    likely: list[str] = []
    for form in schema.texts_of("format"):
        first, second = _BY_FORMAT.get(form, ("", ""))
        if first:
            likely.append(first if not nth else second if nth == 1 else _counted(first, nth))
    label = _label(name, nth)
    found = schema.texts_of("pattern")
    if found:
        spelled = (label.replace(" ", joint) for joint in (" ", "-", "_", ""))
        made = [*spelled, *(_LIKELY if not nth else ()), *itertools.chain.from_iterable(map(patterns.texts, found))]
        known = [pattern for pattern in found if patterns.compiled(pattern) is not None]
        good = [each for each in made if all(conforming.matches(pattern, each) for pattern in known)]
        likely += list(dict.fromkeys(good))[nth if nth < len(good) else 0 :]
    likely.append(label)
    for each in likely:
        yield _sized(each, least, most)


def _counted(text: str, nth: int) -> str:
    """Return a text with a number in the place of its last digit, or in front of it."""
    return f"{text[:-1]}{nth + 1}" if text[-1].isdigit() and nth < 9 else f"{nth + 1}{text}"


def _sized(text: str, least: int, most: float) -> str:
    if len(text) < least:
        text = (f"{text} " * (min(least, _LONGEST) // (len(text) + 1) + 1))[:least]
    return text if len(text) <= most else text[: int(most)]


def _numbers(schema: _Schema, kind: str, nth: int) -> Iterator[float]:
    """Yield small numbers first: one where it may be, else what is nearest to it."""
    low, is_above, high, is_below = schema.bounds()
    step = schema.step()
    span = _FAR if low is None or high is None else high - low
    unit = step or (1 if kind == "integer" or span > 2 else span / 4)
    least = -_FAR if low is None else low + unit * is_above
    most = _FAR if high is None else high - unit * is_below
    first = min(max(unit, least), most)
    if step:
        first = -(-first // step) * step
        first -= step * (first - step > (low or 0))
    for start in (first, least, most, 0.0, *([first + unit / 2] if kind == "number" else [])):
        yield _plain_number(start + nth * unit, kind)


def _plain_number(value: float, kind: str) -> float:
    if isinstance(value, float) and abs(value) < 1e15:
        rounded = round(value, 9)
        if kind == "integer":
            return int(-(-rounded // 1))
        return int(rounded) if rounded.is_integer() else rounded
    return value
