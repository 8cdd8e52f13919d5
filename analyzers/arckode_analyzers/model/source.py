"""One file of the project with its names indexed."""

from __future__ import annotations

from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator

    from arckode_analyzers.facts.records import (
        Binding,
        Block,
        Call,
        FileFacts,
        Function,
        Import,
        Parameter,
        Raise,
        Read,
        Result,
    )
    from arckode_analyzers.model.calls import CallAt

What: TypeAlias = Literal["parameter", "binding", "function", "class", "import"]

_FEW = 8
_INDEXES = frozenset({"bindings_of", "blocks_of", "calls_of", "raises_of", "reads_of", "results_of"})
_Row = TypeVar("_Row", "Binding", "Block", "Call", "Parameter", "Raise", "Read", "Result")


class Definition(NamedTuple):
    """Where a name gets its meaning: the kind of record and its index."""

    what: What
    index: int  # type: ignore[assignment]  # nobody looks for a member in it


@cache
def _only(what: What, index: int) -> tuple[Definition]:
    """Return one object for all files: most names have one definition, and there are many names."""
    return (Definition(what, index),)


class Source:
    """Facts plus place: path, module name, layers, and the module (`unit`) that owns the file."""

    def __init__(
        self, path: str, module: str, *, layers: frozenset[str], unit: str, facts: FileFacts, text: bytes
    ) -> None:
        self.path = path
        self.module = module
        self.layers = layers
        self.unit = unit
        self.facts = facts
        self._text = text
        self.is_package = path.endswith("__init__.py")
        self.class_symbols = self._class_symbols()
        self.function_symbols = self._function_symbols()
        self.stars = tuple(row for row in facts.imports if row.name == "*")
        self.implied_calls: tuple[CallAt, ...] = ()

    @cached_property
    def calls_of(self) -> dict[int, tuple[Call, ...]]:
        return _grouped(self.facts.calls)

    @cached_property
    def results_of(self) -> dict[int, tuple[Result, ...]]:
        return _grouped(self.facts.results)

    @cached_property
    def parameters_of(self) -> dict[int, tuple[Parameter, ...]]:
        return _grouped(self.facts.parameters)

    @cached_property
    def reads_of(self) -> dict[int, tuple[Read, ...]]:
        return _grouped(self.facts.reads)

    @cached_property
    def raises_of(self) -> dict[int, tuple[Raise, ...]]:
        return _grouped(self.facts.raises)

    @cached_property
    def bindings_of(self) -> dict[int, tuple[Binding, ...]]:
        return _grouped(self.facts.bindings)

    @cached_property
    def blocks_of(self) -> dict[int, tuple[Block, ...]]:
        return _grouped(self.facts.blocks)

    @cached_property
    def readers(self) -> frozenset[int]:
        """The functions that read attributes."""
        return frozenset(row.function for row in self.facts.reads)

    @cached_property
    def lambdas(self) -> dict[tuple[int, int], int]:
        """The functions without a name, by where they begin."""
        rows = enumerate(self.facts.functions)
        return {(row.line, row.column): index for index, row in rows if row.name == "<lambda>"}

    @cached_property
    def numbers_of(self) -> dict[int, list[int]]:
        """Which calls each function makes, by their index."""
        found: dict[int, list[int]] = {}
        for at, call in enumerate(self.facts.calls):
            found.setdefault(call.function, []).append(at)
        return found

    @cached_property
    def written_calls(self) -> tuple[CallAt, ...]:
        """The calls of this file in source order, each object once for all who ask."""
        from arckode_analyzers.model.calls import CallAt  # which imports this module's classes

        return tuple(CallAt(self, at, record) for at, record in enumerate(self.facts.calls))

    @cached_property
    def declared_in(self) -> dict[int, list[Binding]]:
        """The bindings that stand in each class, by its index; -1 for what stands in none."""
        found: dict[int, list[Binding]] = {}
        for row in self.facts.bindings:
            found.setdefault(row.owner, []).append(row)
        return found

    @cached_property
    def methods_in(self) -> dict[int, list[int]]:
        """Which functions each class defines, by its index; -1 for those that stand in none."""
        found: dict[int, list[int]] = {}
        for index, row in enumerate(self.facts.functions[1:], 1):
            found.setdefault(row.owner, []).append(index)
        return found

    def forget(self) -> None:
        """Drop the indexes that only rules about this file ask for often; they are made again when somebody asks."""
        for name in _INDEXES & vars(self).keys():
            delattr(self, name)

    def imply(self, records: Iterable[Call]) -> None:
        """Take in the calls that are not written as one; they count on from the written ones."""
        from arckode_analyzers.model.calls import CallAt  # which imports this module's classes

        first = len(self.facts.calls)
        self.implied_calls = tuple(CallAt(self, at, record) for at, record in enumerate(records, first))

    def call(self, at: int) -> CallAt:
        """Return a call by its number: the written ones first, then the implied ones."""
        written = self.written_calls
        return written[at] if at < len(written) else self.implied_calls[at - len(written)]

    def line(self, number: int) -> str:
        """Return a line as text, without its end."""
        lines = _lines(self._text)
        if not 0 < number <= len(lines):
            return ""
        return lines[number - 1].decode("utf-8", "replace").removeprefix("\ufeff").rstrip()

    @property
    def text(self) -> str:
        """The whole file, with the line ends of Python."""
        return self._text.decode("utf-8-sig", "replace").replace("\r\n", "\n")

    def holds(self, pattern: re.Pattern[bytes]) -> bool:
        """Tell whether the file's text holds a pattern anywhere: a cheap look before an exact one."""
        return pattern.search(self._text) is not None

    def column(self, number: int, offset: int) -> int:
        """Turn a byte offset into the column a person counts, from 1."""
        return len(self.line(number).encode()[:offset].decode("utf-8", "ignore")) + 1

    def package(self, level: int) -> str:
        """Return the package that a relative import of this level starts from."""
        return _package(self.module, level, is_package=self.is_package)

    def target(self, row: Import) -> str:
        """Return the absolute module an import names."""
        return target_of(row, self.module, is_package=self.is_package)

    @cached_property
    def _imported_as(self) -> dict[str, str]:
        """What the names that an import gives a new name are called where they come from."""
        return {row.local: row.name for row in self.facts.imports if row.name and row.name != "*" and row.local}

    def last(self, shape: object) -> str:
        """Return the last part of a dotted name, as the module that it is imported from calls it."""
        match shape:
            case ("name", str(name)):
                return self._imported_as.get(name, name)
            case ("attr", _, str(name)):
                return name
        return ""

    def symbol(self, function: int) -> str:
        return self.function_symbols[function]

    def method_owner(self, function: int) -> int:
        """Return the class whose method this function is or is nested in, or -1."""
        while function > 0:
            record = self.facts.functions[function]
            if record.owner >= 0:
                return record.owner
            function = record.parent
        return -1

    def _class_symbols(self) -> tuple[str, ...]:
        symbols: list[str] = []
        for row in self.facts.classes:
            prefix = symbols[row.owner] if row.owner >= 0 else self.module
            symbols.append(f"{prefix}.{row.name}")
        return tuple(symbols)

    def _function_symbols(self) -> tuple[str, ...]:
        symbols = [self.module]
        taken: set[str] = set()
        for index, row in enumerate(self.facts.functions[1:], 1):
            prefix = self.class_symbols[row.owner] if row.owner >= 0 else symbols[row.parent]
            symbol = f"{prefix}.{row.name}"
            if symbol in taken or row.name == "<lambda>" or index in self._overloads:
                symbol = f"{symbol}@{row.line}:{row.column}"
            taken.add(symbol)
            symbols.append(symbol)
        return tuple(symbols)

    @cached_property
    def _overloads(self) -> frozenset[int]:
        """The signatures of functions that are written once more, with `@overload`: what runs is the definition."""
        rows = [*enumerate(self.facts.functions)][1:]
        said = {index for index, row in rows if any(self.last(each) == "overload" for each in row.decorators)}
        written = {_place(row) for index, row in rows if index not in said} if said else set()
        return frozenset(index for index in said if _place(self.facts.functions[index]) in written)

    def _definitions(self) -> Iterator[tuple[int, Function]]:
        """Yield the functions that run when they are called by their name."""
        rows = enumerate(self.facts.functions[1:], 1)
        return (row for row in rows if row[0] not in self._overloads)

    @cached_property
    def names(self) -> dict[tuple[int, int], dict[str, tuple[Definition, ...]]]:
        """What each scope, a function and a class, calls what."""
        scopes: dict[tuple[int, int], dict[str, tuple[Definition, ...]]] = {}

        def add(function: int, owner: int, name: str, what: What, index: int) -> None:
            place = (function, owner)
            scope = scopes.get(place)
            if scope is None:
                scope = scopes[place] = {}
            before = scope.get(name)
            scope[name] = _only(what, index) if before is None else before + _only(what, index)

        for index, row in enumerate(self.facts.parameters):
            add(row.function, -1, row.name, "parameter", index)
        for index, function in self._definitions():
            add(function.parent, function.owner, function.name, "function", index)
        for index, klass in enumerate(self.facts.classes):
            add(klass.function, klass.owner, klass.name, "class", index)
        for index, imported in enumerate(self.facts.imports):
            if imported.local:
                add(imported.function, -1, imported.local, "import", index)
        for index, binding in enumerate(self.facts.bindings):
            if binding.target[0] == "name" and binding.how != "+=":
                add(binding.function, binding.owner, str(binding.target[1]), "binding", index)
        return scopes


def _place(function: Function) -> tuple[int, int, str]:
    return (function.parent, function.owner, function.name)


def target_of(row: Import, module: str, *, is_package: bool) -> str:
    """Return the absolute module that an import in another module names."""
    if not row.level:
        return row.module
    return ".".join(part for part in (_package(module, row.level, is_package=is_package), row.module) if part)


def _package(module: str, level: int, *, is_package: bool) -> str:
    parts = module.split(".")
    keep = len(parts) - level + (1 if is_package else 0)
    return ".".join(parts[: max(keep, 0)])


def _grouped(rows: tuple[_Row, ...]) -> dict[int, tuple[_Row, ...]]:
    groups: dict[int, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.function, []).append(row)
    return {function: tuple(group) for function, group in groups.items()}


@lru_cache(_FEW)
def _lines(text: bytes) -> list[bytes]:
    """Split a file; rules ask file by file, and the lines of all files weigh more than the files."""
    return text.splitlines()
