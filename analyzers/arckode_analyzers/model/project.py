"""All files together, indexed by path, by module and by symbol."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from arckode_analyzers.config import Config, Globs
from arckode_analyzers.files import module_name
from arckode_analyzers.model.roots import import_roots
from arckode_analyzers.model.source import Source
from arckode_analyzers.walk import is_front

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arckode_analyzers.facts.records import Class, FileFacts, Function
    from arckode_analyzers.facts.shapes import Shape

_Key = TypeVar("_Key")
_Row = TypeVar("_Row")
_UNIT = re.compile(r"(?:^|.*/)modules/([^/]+)/")


@dataclass(frozen=True, slots=True)
class FunctionAt:
    """A function and the file it is in."""

    source: Source
    index: int

    @property
    def record(self) -> Function:
        return self.source.facts.functions[self.index]

    @property
    def symbol(self) -> str:
        return self.source.function_symbols[self.index]


@dataclass(frozen=True, slots=True)
class ClassAt:
    """A class and the file it is in."""

    source: Source
    index: int

    @property
    def record(self) -> Class:
        return self.source.facts.classes[self.index]

    @property
    def symbol(self) -> str:
        return self.source.class_symbols[self.index]


class Project:
    """The indexed files; it answers who is where, the resolver answers what things mean.

    `tests` holds the facts of the test files by path: they show what is tested, and are no part of the program.
    `unread` are the files that nothing is known of: what they declare may be there all the same. `roots` says where
    absolute imports start, for a part of a project, whose own imports do not tell. What `given` holds of the same files
    under the same names is not made again.
    """

    def __init__(
        self,
        files: Iterable[tuple[str, FileFacts, bytes]],
        config: Config | None = None,
        tests: Mapping[str, FileFacts] | None = None,
        unread: Iterable[str] = (),
        roots: tuple[str, ...] | None = None,
        *,
        given: Mapping[str, Source] | None = None,
    ) -> None:
        self.config = config or Config()
        self.tests = tests or {}
        globs = {name: Globs(patterns) for name, patterns in sorted(self.config.layers.items())}
        self.sources: dict[str, Source] = {}
        known = tuple(files)
        self.roots = (
            import_roots({path: facts for path, facts, _ in known}, self.config.sources) if roots is None else roots
        )
        for path, facts, text in known:
            source, module = (given or {}).get(path), self._module(path)
            if source is None or source.facts is not facts or source.module != module:
                layers = _layers(path, globs)
                source = Source(path, module, layers=layers, unit=_unit(path, layers), facts=facts, text=text)
            self.sources[path] = source
        self.sources = dict(sorted(self.sources.items()))
        self.unread = {path: _layers(path, globs) for path in unread}
        self.modules = {source.module: source for source in self.sources.values()}
        self.functions = {
            symbol: FunctionAt(source, index)
            for source in self.sources.values()
            for index, symbol in enumerate(source.function_symbols)
            if index
        }
        self.classes = {
            symbol: ClassAt(source, index)
            for source in self.sources.values()
            for index, symbol in enumerate(source.class_symbols)
        }
        self.attributes = self._attributes()
        self.attributes_of = grouped(self.attributes)

    def judged(self, *layers: str) -> Iterator[Source]:
        """Yield the files that rules look at, or those of some layers."""
        for source in self.sources.values():
            if is_judged(source) and (not layers or source.layers.intersection(layers)):
                yield source

    def is_for(self, layers: tuple[str, ...], source: Source) -> bool:
        """Tell whether a rule looks at a file: one of the layers that it names, by default what rules judge."""
        if not layers:
            return is_judged(source)
        return "*" in layers or not source.layers.isdisjoint(layers)

    def of_layers(self, layers: Iterable[str]) -> Iterator[Source]:
        """Yield the files of some layers, whether or not the module rules apply there; `*` is every file."""
        wanted = frozenset(layers)
        return (source for source in self.sources.values() if source.layers & wanted or "*" in wanted)

    def classes_of(self, source: Source) -> Iterator[ClassAt]:
        """Yield the classes of one file; of two that have one name, the last."""
        found = (self.classes[symbol] for symbol in dict.fromkeys(source.class_symbols))
        return (klass for klass in found if klass.source is source)

    def methods(self, klass: ClassAt) -> Iterator[tuple[str, FunctionAt]]:
        """Yield the methods that a class itself defines, in source order."""
        functions = klass.source.facts.functions
        for index in klass.source.methods_in.get(klass.index, ()):
            yield functions[index].name, FunctionAt(klass.source, index)

    def _module(self, path: str) -> str:
        return module_name(path, (*self.roots, *self.config.sources))

    def _attributes(self) -> Mapping[tuple[str, str], list[tuple[Source, int]]]:
        """Index every `self.x = ...` by class and attribute."""
        found: dict[tuple[str, str], list[tuple[Source, int]]] = {}
        for source in self.sources.values():
            for index, binding in enumerate(source.facts.bindings):
                place = self_attribute(source, binding.function, binding.target)
                if place is not None:
                    found.setdefault((source.class_symbols[place[0]], place[1]), []).append((source, index))
        return found


def grouped(pairs: Iterable[tuple[_Key, _Row]]) -> dict[_Key, list[_Row]]:
    """Return what belongs to each key, in the order it comes."""
    found: dict[_Key, list[_Row]] = {}
    for key, row in pairs:
        found.setdefault(key, []).append(row)
    return found


def is_judged(source: Source) -> bool:
    """Tell whether the module rules apply: not to the runtime, to migrations, to seeds or to the front end."""
    return not source.layers & {"frontend", "kernel", "migrations", "seeds", "tests"}


def self_attribute(source: Source, function: int, target: Shape) -> tuple[int, str] | None:
    """Return the class and the attribute of a `self.x` target."""
    match target:
        case ("attr", ("name", str(name)), str(attribute)):
            owner = source.method_owner(function)
            return (owner, attribute) if owner >= 0 and name == receiver_name(source, function) else None
    return None


def receiver_name(source: Source, function: int) -> str:
    """Return what a method calls its instance, also for functions nested in it."""
    while function > 0:
        record = source.facts.functions[function]
        if record.owner >= 0:
            parameters = source.parameters_of.get(function, ())
            return parameters[0].name if parameters and ("name", "staticmethod") not in record.decorators else ""
        function = record.parent
    return ""


def _layers(path: str, globs: Mapping[str, Globs]) -> frozenset[str]:
    if is_front(path):
        return frozenset({"frontend"} if globs["frontend"].match(path) else ())
    return frozenset(name for name, glob in globs.items() if name != "frontend" and glob.match(path))


def _unit(path: str, layers: frozenset[str]) -> str:
    match = _UNIT.match(path) if "modules" in layers else None
    return match[1] if match else ""
