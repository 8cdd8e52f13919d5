"""YAML as OpenAPI wants it: the values of JSON, in the words of YAML 1.2.

PyYAML's parser tells what stands in the text. What PyYAML would make of that follows YAML 1.1, which takes `no` for a
boolean and 2024-01-01 for a date, and it takes four times as long as the parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn, cast

import yaml
from yaml import events

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 200
_WORDS: dict[str, object] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_FIRST = frozenset("-+.0123456789")
_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset(f"{_TAG}{kind}" for kind in ("bool", "int", "float", "null"))
_COLLECTIONS = frozenset({None, "!", f"{_TAG}map", f"{_TAG}seq"})


def load(text: str) -> object:
    """Return the value of a text; keys are as they are written.

    Raises:
        yaml.YAMLError: it is not YAML, more than one document, or holds what JSON cannot.
        ValueError: it is nested too deep, or an alias leads into itself.
    """
    loader = cast("type[yaml.SafeLoader]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    found = _Builder(yaml.parse(text, Loader=loader))
    return found.document()


class _Builder:
    def __init__(self, found: Iterator[yaml.Event]) -> None:
        self._events = found
        self._anchors: dict[str, object] = {}

    def document(self) -> object:
        next(self._events)
        if isinstance(next(self._events), events.StreamEndEvent):
            return None
        value = self._value(next(self._events), 0)
        next(self._events)
        more = next(self._events)
        if not isinstance(more, events.StreamEndEvent):
            _refuse("expected a single document in the stream", more)
        return value

    def _value(self, event: yaml.Event, depth: int) -> object:
        if isinstance(event, events.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, events.AliasEvent):
            if event.anchor not in self._anchors:
                raise ValueError(f"the alias *{event.anchor} names nothing before it, or an alias leads into itself")
            return self._anchors[event.anchor]
        elif depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        elif isinstance(event, events.MappingStartEvent):
            value = self._mapping(event, depth + 1)
        else:
            value = self._sequence(cast("events.SequenceStartEvent", event), depth + 1)
        anchor = event.anchor  # type: ignore[attr-defined]  # each of them has one, and there are very many
        if anchor:
            self._anchors[anchor] = value
        return value

    def _mapping(self, start: events.MappingStartEvent, depth: int) -> object:
        _check_tag(start)
        made: dict[str, object] = {}
        merged: list[object] = []
        for key in self._events:
            if not isinstance(key, events.ScalarEvent):
                if isinstance(key, events.MappingEndEvent):
                    break
                _refuse("the key of an object is no text", key)
            value = self._value(next(self._events), depth)
            if key.value == "<<" and key.implicit[0]:
                merged += value if isinstance(value, list) else [value]
                if not all(isinstance(each, dict) for each in merged):
                    _refuse("expected an object, or a list of them, to merge", key)
            else:
                made[key.value] = value
        for each in merged:
            made = {**cast("dict[str, object]", each), **made}
        return made

    def _sequence(self, start: events.SequenceStartEvent, depth: int) -> object:
        _check_tag(start)
        made: list[object] = []
        for event in self._events:
            if isinstance(event, events.SequenceEndEvent):
                break
            made.append(self._value(event, depth))
        return made


def _scalar(event: events.ScalarEvent) -> object:
    text: str = event.value
    if event.tag == "!" or (not event.implicit[0] and event.tag not in _PLAIN):
        if event.tag not in {None, "!", f"{_TAG}str"}:
            _unknown(event.tag, event)
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _FIRST and _NUMBER.fullmatch(text):
        return int(text) if _WHOLE.fullmatch(text) else float(text)
    return text


def _check_tag(event: events.CollectionStartEvent) -> None:
    if event.tag not in _COLLECTIONS:
        _unknown(event.tag, event)


def _unknown(tag: str | None, event: yaml.Event) -> NoReturn:
    _refuse(f"could not determine a constructor for the tag '{tag}'", event)


def _refuse(problem: str, event: yaml.Event) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=cast("yaml.Mark | None", event.start_mark))
