"""Which methods of a class belong together: those that share state, a collaborator, or each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.project import receiver_name
from arckode_analyzers.model.sinks import words
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.project import ClassAt

# What many classes hold and none is about: it neither joins methods nor counts as a collaborator.
_SURROUNDINGS = words("Database Clock SystemClock Kernel EventBus Queue Ids Cache Principal Mail Storage UnitOfWork")
_LOGGERS = words("logging.Logger logging.getLogger logging.LoggerAdapter structlog.get_logger structlog.BoundLogger")
_DATA = words("pydantic.BaseModel kernel.ApiModel sqlalchemy.SQLModel builtins.BaseException enum.Enum enum.StrEnum")
_INHERITED = "its base class"
_PLAIN = words("str int float bool bytes dict list tuple set frozenset NoneType")


@dataclass(frozen=True, slots=True)
class Group:
    """Methods that belong together, and the attributes that they share."""

    methods: tuple[str, ...]
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Method:
    name: str
    index: int
    uses: frozenset[str]
    calls: frozenset[str]
    is_delegate: bool


class Cohesion:
    """The groups and collaborators of one class; what is inherited counts as one more shared attribute."""

    def __init__(self, analysis: Analysis, klass: ClassAt) -> None:
        self._analysis = analysis
        self._klass = klass
        self._source = klass.source
        functions = dict(analysis.project.methods(klass))
        self._shapes = self._by_method({function.index for function in functions.values()})
        self._names = frozenset(functions)
        self._surroundings: dict[str, bool] = {}
        bases = analysis.resolver.ancestors(Value("class", klass.symbol))[1:]
        known = [analysis.project.classes[base.name] for base in bases if base.name in analysis.project.classes]
        self._inherited = frozenset(name for base in known for name, _ in analysis.project.methods(base)) - self._names
        self._methods = tuple(
            self._method(name, function.index)
            for name, function in functions.items()
            if not name.startswith("__") and not function.record.is_stub
        )

    @property
    def collaborators(self) -> tuple[str, ...]:
        """Return the attributes that hold another object of the project or a port, and that a method uses."""
        used = {name for method in self._methods for name in method.uses}
        kept = [name for name in self._attributes() if name in used and self._is_collaborator(name)]
        return tuple(dict.fromkeys(kept))

    def groups(self) -> tuple[Group, ...]:
        """Return the groups of methods that use state; a method without any belongs to none."""
        by_name = {method.name: method for method in self._methods}
        state = {method.name: self._state(method, by_name, frozenset()) for method in self._methods}
        parts: list[tuple[set[str], set[str]]] = []
        for method in self._methods:
            if not state[method.name]:
                continue
            names, held = {method.name}, set(state[method.name])
            for part in [part for part in parts if part[1] & held]:
                names |= part[0]
                held |= part[1]
                parts.remove(part)
            parts.append((names, held))
        order = [method.name for method in self._methods]
        found = [Group(tuple(sorted(names, key=order.index)), tuple(sorted(held))) for names, held in parts]
        return tuple(sorted(found, key=lambda group: order.index(group.methods[0])))

    def delegates(self, group: Group) -> bool:
        """Tell whether every method of a group only hands on to what it holds."""
        return all(method.is_delegate for method in self._methods if method.name in group.methods)

    def _method(self, name: str, index: int) -> _Method:
        uses: set[str] = set()
        calls: set[str] = set()
        for shape, function in self._shapes.get(index, ()):
            receiver = receiver_name(self._source, function)
            for part in within(shape):
                match part:
                    case ("attr", ("name", str(base)), str(attribute)) if base == receiver:
                        (calls if attribute in self._names else uses).add(attribute)
        is_delegate = self._is_delegate(index)
        return _Method(name, index, frozenset(uses), frozenset(calls), is_delegate)

    def _by_method(self, methods: set[int]) -> dict[int, list[tuple[Shape, int]]]:
        """Return the expressions of each method and of what is nested in it."""
        facts = self._source.facts
        rows = [(row.shape, row.function) for row in facts.calls]
        rows += [(row.value, row.function) for row in facts.reads]
        rows += [(row.value, row.function) for row in facts.results]
        rows += [(part, row.function) for row in facts.bindings for part in (row.target, row.value) if part is not None]
        found: dict[int, list[tuple[Shape, int]]] = {}
        for shape, function in rows:
            outer = function
            while outer > 0 and outer not in methods:
                outer = facts.functions[outer].parent
            if outer in methods:
                found.setdefault(outer, []).append((shape, function))
        return found

    def _is_delegate(self, index: int) -> bool:
        """Tell whether a method is one call to a collaborator and nothing else."""
        if any(row.function == index for row in self._source.facts.blocks):
            return False
        receiver = receiver_name(self._source, index)
        answers = [row.value for row in self._source.results_of.get(index, ())]
        match self._source.calls_of.get(index, ()):
            case [only] if answers in ([], [only.shape]):
                match only.func:
                    case ("attr", ("attr", ("name", str(base)), _), _):
                        return base == receiver
        return False

    def _state(self, method: _Method, by_name: dict[str, _Method], seen: frozenset[str]) -> frozenset[str]:
        """Return what a method shares with others, also through the methods it calls."""
        own = frozenset(self._shared(name) for name in method.uses if not self._surrounds(name))
        called = (by_name[name] for name in method.calls if name in by_name and name not in seen)
        inner = [self._state(each, by_name, seen | {method.name}) for each in called]
        return own.union(*inner)

    def _shared(self, attribute: str) -> str:
        """Return what an attribute stands for; what a base class computes may rest on anything that it holds."""
        return _INHERITED if attribute in self._inherited else attribute

    def _attributes(self) -> list[str]:
        """Return what an instance holds, assigned or declared, here or in a base that a method counts on."""
        declared = self._source.names.get((self._klass.record.function, self._klass.index), {})
        assigned = self._analysis.project.attributes_of.get(self._klass.symbol, ())
        used = sorted(name for method in self._methods for name in method.uses)
        return [*declared, *assigned, *used]

    def _value(self, attribute: str) -> Value | None:
        return self._analysis.resolver.attribute(Value("instance", self._klass.symbol), attribute)

    def _surrounds(self, attribute: str) -> bool:
        if attribute not in self._surroundings:
            self._surroundings[attribute] = self._is_surrounding(self._value(attribute))
        return self._surroundings[attribute]

    def _is_surrounding(self, value: Value | None) -> bool:
        if value is None:
            return False
        names = {ancestor.name for ancestor in self._analysis.resolver.ancestors(value)}
        is_setting = bool(names & {"pydantic_settings.BaseSettings", "kernel.KernelSettings"})
        is_runtime = value.name.startswith("kernel.") and value.last in _SURROUNDINGS
        return is_setting or is_runtime or bool(names & _LOGGERS)

    def _is_collaborator(self, attribute: str) -> bool:
        value = self._value(attribute)
        if value is None or value.kind != "instance" or value.last in _PLAIN or self._surrounds(attribute):
            return False
        is_runtime = value.name.startswith("kernel.")
        klass = self._analysis.project.classes.get(value.name)
        return is_runtime or (klass is not None and self._behaves(klass, value))

    def _behaves(self, klass: ClassAt, value: Value) -> bool:
        """Tell an object that does something from one that only holds values."""
        names = {ancestor.name for ancestor in self._analysis.resolver.ancestors(value)}
        if names & _DATA or self._analysis.tables.is_model(value):
            return False
        return any(not name.startswith("__") for name, _ in self._analysis.project.methods(klass))
