"""What a name or an expression stands for: imports, annotations, constructor assignment, never a guess by name.

Flow is ignored: of several meanings the first one that can be resolved counts, which is how people write code that
others can read. Where nothing can be known the answer is None, and rules stay silent.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, TypeAlias

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model import library
from arckode_analyzers.model.django_rows import Relations
from arckode_analyzers.model.expressions import EXPRESSIONS
from arckode_analyzers.model.project import ClassAt, FunctionAt, Project
from arckode_analyzers.model.sinks import DJANGO, canonical
from arckode_analyzers.model.values import Value, instance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from arckode_analyzers.facts.records import Binding, Parameter
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.source import Definition, Source

_BUILTINS = frozenset(dir(builtins))
_DEEPEST = 80
_FEW = 8
_Key: TypeAlias = tuple[object, ...]
_Build: TypeAlias = "Callable[[Resolver, Source, int, Shape], Value | None]"
# Values by function and by the identity of the expression, below zero for one that is read as an annotation.
_Place: TypeAlias = "dict[int, dict[int, Value | None]]"


class Resolver:
    """Answers with values, each computed once.

    `learned` holds what callers pass for parameters that say nothing about themselves. `doubts` counts the answers that
    may be others once more is learned: whoever sees it unchanged has been told for good.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.learned: dict[tuple[str, str], Value] = {}
        self.doubts = 0
        self._certain: dict[_Key, Value | None] = {}
        self._doubtful: dict[_Key, Value | None] = {}
        self._places: dict[Source, tuple[_Place, _Place, dict[int, Shape]]] = {}
        self._same: dict[Value, Value] = {}
        self._active: set[_Key] = set()
        self._ancestors: dict[Value, tuple[Value, ...]] = {}
        self._packages = {
            module[:end] for module in project.modules for end, letter in enumerate(module) if letter == "."
        }
        self._children: dict[str, list[str]] | None = None
        self.relations = Relations(self)

    def forget(self) -> None:
        """Drop what was computed in doubt, after `learned` grew."""
        self._doubtful.clear()
        for _, doubtful, _ in self._places.values():
            doubtful.clear()

    def forget_places(self, sources: Iterable[Source]) -> None:
        """Drop what the expressions of some files stand for: it is found again when somebody asks."""
        for source in sources:
            self._places.pop(source, None)

    def value(self, source: Source, function: int, shape: Shape) -> Value | None:
        """Return what an expression stands for inside a function of a file."""
        places = self._places.get(source)
        certain = None if places is None else places[0].get(function)
        key = id(shape)
        if certain is not None and key in certain:  # the way most questions end, kept free of calls
            return certain[key]
        build = EXPRESSIONS.get(str(shape[0]))
        return None if build is None else self._at((source, function, key), shape, build)

    def annotation(self, source: Source, function: int, shape: Shape | None) -> Value | None:
        """Return an instance of what an annotation says."""
        return None if shape is None else self._at((source, function, -id(shape)), shape, Resolver._annotation)

    def _at(self, place: tuple[Source, int, int], shape: Shape, build: _Build) -> Value | None:
        """Answer for an expression in its place, once where nothing that may be learnt decides it."""
        source, function, key = place
        places = self._places.get(source)
        if places is None:
            places = self._places[source] = ({}, {}, {})
        certain = places[0].get(function)
        if certain is None:
            certain = places[0][function] = {}
        if key in certain:
            return certain[key]
        doubtful = places[1].get(function)
        if doubtful is not None and key in doubtful:
            self.doubts += 1
            return doubtful[key]
        if place in self._active or len(self._active) > _DEEPEST:
            self.doubts += 1
            return None
        self._active.add(place)
        before = self.doubts
        found = build(self, source, function, shape)
        self._active.discard(place)
        if found is not None:  # most are equal to one that is known: keeping one of them is enough
            found = self._same.setdefault(found, found)
        places[2][abs(key)] = shape  # held, so that no other can take over its identity
        if self.doubts == before:
            certain[key] = found
        else:
            places[1].setdefault(function, {})[key] = found
        return found

    def dotted(self, module: str, name: str) -> Value | None:
        """Return what `from module import name` binds."""
        return self._once(("dotted", module, name), lambda: self._dotted(module, name))

    def _once(self, key: _Key, compute: Callable[[], Value | None]) -> Value | None:
        if key in self._certain:
            return self._certain[key]
        if key in self._doubtful:
            self.doubts += 1
            return self._doubtful[key]
        if key in self._active or len(self._active) > _DEEPEST:
            self.doubts += 1
            return None
        self._active.add(key)
        before = self.doubts
        found = compute()
        self._active.discard(key)
        (self._certain if self.doubts == before else self._doubtful)[key] = found
        return found

    # Names

    def name(self, source: Source, function: int, name: str) -> Value | None:
        """Return what a plain name means, from the innermost function outwards."""
        scope = function
        while True:
            definitions = source.names.get((scope, -1), {}).get(name)
            if definitions:
                return self._first(source, definitions)
            if scope == 0:
                break
            scope = source.facts.functions[scope].parent
        starred = self._starred(source, name)
        if starred is None and name in _BUILTINS:
            return Value("external", f"builtins.{name}")
        return starred

    def _first(self, source: Source, definitions: tuple[Definition, ...]) -> Value | None:
        ordered = definitions if len(definitions) == 1 else sorted(definitions, key=_rank)
        for definition in ordered:
            found = self.defined(source, definition)
            if found is not None and found.name != "builtins.None":
                return found
        return None

    def defined(self, source: Source, definition: Definition) -> Value | None:
        """Return the value of one definition."""
        index = definition.index
        if definition.what == "function":
            return Value("function", source.function_symbols[index])
        if definition.what == "class":
            return self._class_value(source.class_symbols[index])
        if definition.what == "parameter":
            return self.parameter(source, source.facts.parameters[index])
        if definition.what == "import":
            row = source.facts.imports[index]
            module = source.target(row)
            return self.dotted(module, row.name) if row.name else self._module(module)
        return self._bound(source, index)

    def _class_value(self, symbol: str) -> Value:
        source = self.project.classes[symbol].source
        if "kernel" in source.layers:
            return Value("class", f"kernel.{symbol.rpartition('.')[2]}")
        return Value("class", symbol)

    def _starred(self, source: Source, name: str) -> Value | None:
        """Look behind `from module import *`, where the module's source is known."""
        known = (source.target(row) for row in source.stars if source.target(row) in self.project.modules)
        found = (self.dotted(module, name) for module in known if not name.startswith("_"))
        return next((value for value in found if value is not None), None)

    def _dotted(self, module: str, name: str) -> Value | None:
        source = self.project.modules.get(module)
        if source is None or "kernel" in source.layers:
            submodule = self.project.modules.get(f"{module}.{name}")
            if submodule is not None:
                return Value("module", submodule.module)
            return Value("external", canonical(f"{module}.{name}"))
        definitions = source.names.get((0, -1), {}).get(name)
        found = self._first(source, definitions) if definitions else None
        if found is not None:
            return found
        if f"{module}.{name}" in self.project.modules:
            return Value("module", f"{module}.{name}")
        return None if definitions else self._starred(source, name)

    def _module(self, module: str) -> Value:
        if module in self.project.modules or module in self._packages:
            return Value("module", module)
        return Value("external", canonical(module))

    # Parameters and bindings

    def parameter(self, source: Source, parameter: Parameter) -> Value | None:
        """Return what a parameter holds: the receiver, its annotation, its default, or what callers pass."""
        symbol = source.symbol(parameter.function)
        record = source.facts.functions[parameter.function]
        first = source.parameters_of[parameter.function][0]
        if record.owner >= 0 and parameter is first and ("name", "staticmethod") not in record.decorators:
            kind = Value("class", source.class_symbols[record.owner])
            return kind if ("name", "classmethod") in record.decorators else instance(kind.name)
        found = self.annotation(source, max(0, record.parent), parameter.annotation)
        if parameter.kind == "rest":
            return instance("builtins.tuple", *((found,) if found else ()))
        if found is None or found.name in library.SAYS_NOTHING:
            found = self._default(source, parameter) or found
        if found is None or found.name in library.SAYS_NOTHING:
            learned = self.learned.get((symbol, parameter.name))
            if learned is None:
                self.doubts += 1
            return found if learned is None else learned
        return found

    def _default(self, source: Source, parameter: Parameter) -> Value | None:
        match parameter.default:
            case ("call", tuple(func), (tuple(provider), *_), _):
                value = self.value(source, 0, func)
                if value is not None and value.name in {"fastapi.Depends", "fastapi.Security"}:
                    return library.entered(self.called(self.value(source, 0, provider)))
        return None

    def _bound(self, source: Source, index: int) -> Value | None:
        binding = source.facts.bindings[index]
        said = self.annotation(source, binding.function, binding.annotation)
        if said is not None and said.name not in library.SAYS_NOTHING:
            return said
        if binding.value is None:
            return None
        found = self.value(source, binding.function, binding.value)
        if binding.how == "for":
            return library.element(found)
        return self._entered(found) if binding.how == "with" else found

    def _entered(self, manager: Value | None) -> Value | None:
        if manager is None or manager.name not in self.project.classes:
            return library.entered(manager)
        for name in ("__aenter__", "__enter__"):
            method = self.attribute(manager, name)
            if method is not None:
                return self.called(method) or manager
        return manager

    # Attributes

    def attribute(self, owner: Value, name: str) -> Value | None:
        """Return an attribute of a value."""
        if owner.kind == "module":
            return self.dotted(owner.name, name)
        if owner.kind == "external":
            full = f"{owner.name}.{name}"
            # A class of the kernel keeps its name before what is its own: `EventCatalogue.of` is not any other `of`.
            own = name == "of" and owner.name.startswith("kernel.")
            return library.of_class(owner, name) or Value("external", full if own else canonical(full))
        if owner.kind == "method":
            return None
        if owner.kind in {"class", "instance"}:
            return self._once(("member", owner, name), lambda: self._member(owner, name))
        return None

    def _member(self, owner: Value, name: str) -> Value | None:
        return self._among(self.ancestors(owner), owner, name) or self._from_descendants(owner, name)

    def _among(self, classes: Iterable[Value], owner: Value, name: str) -> Value | None:
        """Return what the first of some classes that has a member gives for it."""
        for klass in classes:
            if klass.name in self.project.classes and not klass.name.startswith("kernel."):
                found = self._own_member(self.project.classes[klass.name], owner, name)
                if found is not None:
                    return found
            elif klass.name in DJANGO:
                return self.relations.member(owner, klass, name)
            elif not library.is_plain(klass.name):
                return owner if library.makes_itself(klass.name, name) else library.member(klass, name)
        return None

    def inherited(self, symbol: str, name: str) -> Value | None:
        """Return what `super()` finds in a method of a class: in its bases, or in what stands behind it as a mixin."""
        owner = instance(symbol)
        found = self._among(self.ancestors(owner)[1:], owner, name)
        for child in () if found is not None else self.descendants(symbol):
            line = self.ancestors(Value("class", child))
            behind = next((at for at, each in enumerate(line) if each.name == symbol), len(line)) + 1
            found = self._among(line[behind:], owner, name)
            if found is not None:
                break
        return found

    def _from_descendants(self, owner: Value, name: str) -> Value | None:
        """Return what a class that is only ever mixed into others finds on them: `self.session` of a mixin."""
        for symbol in self.descendants(owner.name):
            for klass in self.ancestors(Value("class", symbol)):
                if klass.name in self.project.classes and not klass.name.startswith("kernel."):
                    found = self._own_member(self.project.classes[klass.name], Value(owner.kind, symbol), name)
                elif not library.is_plain(klass.name):
                    found = library.member(klass, name)
                else:
                    continue
                if found is not None:
                    return found
        return None

    def descendants(self, symbol: str) -> list[str]:
        """Return the project's classes that name this one as a base, in a stable order, at most a handful."""
        if self._children is None:
            self._children = {}
            for child in self.project.classes:
                for base in self.bases(Value("class", child)):
                    self._children.setdefault(base.name, []).append(child)
        return self._children.get(symbol, [])[:_FEW]

    def _own_member(self, klass: ClassAt, owner: Value, name: str) -> Value | None:
        source = klass.source
        scope = source.names.get((klass.record.function, klass.index), {})
        for definition in scope.get(name, ()):
            found = self.defined(source, definition)
            if definition.what == "function" and found is not None:
                return self._method(FunctionAt(source, definition.index), owner, found)
            if found is not None and found.name != "builtins.None":
                return self.relations.read(klass, owner, definition, found)
        for where, index in self.project.attributes.get((klass.symbol, name), ()):
            found = self._bound(where, index)
            if found is not None and found.name != "builtins.None":
                return found
        return None

    def method(self, owner: Value, name: str) -> Value | None:
        """Return the project's function behind an attribute, also where reading a property calls it."""
        for klass in self.ancestors(owner):
            known = self.project.classes.get(klass.name)
            if known is None or klass.name.startswith("kernel."):
                continue
            for definition in known.source.names.get((known.record.function, known.index), {}).get(name, ()):
                if definition.what == "function":
                    return Value("function", known.source.function_symbols[definition.index], (), owner)
        return None

    def _method(self, function: FunctionAt, owner: Value, found: Value) -> Value | None:
        for decorator in function.record.decorators:
            if decorator[-1] in {"property", "cached_property", "hybrid_property"}:
                return self.called(found)
        return Value("function", found.name, (), owner)

    def ancestors(self, value: Value) -> tuple[Value, ...]:
        """Return a class and its bases, depth first, with type arguments as written; each class once."""
        known = self._ancestors.get(value)
        if known is None:
            known = self._ancestors[value] = tuple(self._climb(value))
        return known

    def _climb(self, value: Value) -> Iterator[Value]:
        pending, seen = [value], set[str]()
        while pending:
            current = pending.pop()
            if current.name in seen:
                continue
            seen.add(current.name)
            yield current
            pending.extend(reversed(self.bases(current)))

    def bases(self, value: Value) -> list[Value]:
        """Return the direct bases of a project's class."""
        klass = self.project.classes.get(value.name)
        if klass is None:
            return []
        resolved = (self.value(klass.source, klass.record.function, base) for base in klass.record.bases)
        found = [base for base in resolved if base is not None and base.kind in {"class", "external", "instance"}]
        return self.relations.with_model(klass, found)

    def declares_fields(self, value: Value) -> bool:
        """Tell whether a class or one of its bases in the project annotates a field."""
        return any(row.annotation is not None for row in self._class_bindings(value))

    def declares_data(self, value: Value) -> bool:
        """Tell whether instances of a class hold what its annotations say: a schema, a model or a dataclass."""
        for ancestor in self.ancestors(value):
            if ancestor.last in library.DATA_BASES:
                return True
            klass = self.project.classes.get(ancestor.name)
            if klass is not None and any(_makes_data(klass.source, each) for each in klass.record.decorators):
                return True
        return False

    def allows_extra(self, value: Value) -> bool:
        """Tell whether a schema's configuration lets undeclared fields through."""
        return any(
            row.target == ("name", "model_config") and row.value is not None and ("const", "allow") in within(row.value)
            for row in self._class_bindings(value)
        )

    def _class_bindings(self, value: Value) -> Iterator[Binding]:
        for ancestor in self.ancestors(value):
            klass = self.project.classes.get(ancestor.name)
            if klass is not None and "kernel" not in klass.source.layers:
                yield from klass.source.declared_in.get(klass.index, ())

    # Calls

    def called(self, callee: Value | None, arguments: tuple[Value | None, ...] = ()) -> Value | None:
        """Return what calling a value gives."""
        if callee is None or callee.kind == "module":
            return None
        if callee.kind == "class":
            return instance(callee.name, *callee.args)
        if callee.kind == "function":
            return self._returned(callee)
        if callee.kind == "instance":
            return self.called(self.attribute(callee, "__call__"), arguments)
        return library.called(callee, arguments)

    def _returned(self, callee: Value) -> Value | None:
        function = self.project.functions.get(callee.name)
        if function is None or "kernel" in function.source.layers:
            return None
        source, record = function.source, function.record
        said = self.annotation(source, record.parent, record.returns)
        if said is not None:
            return callee.of if said.name == "typing.Self" else said
        for result in source.results_of.get(function.index, ()):
            found = self.value(source, function.index, result.value)
            if found is not None and found.name != "builtins.None":
                return instance("builtins.Iterator", found) if record.is_generator else found
        return None

    def _annotation(self, source: Source, function: int, shape: Shape) -> Value | None:
        match shape:
            case ("either", tuple(choices)):
                return self._chosen(source, function, choices)
            case ("item", tuple(base), tuple(index)):
                return self._generic(source, function, self._type(source, function, base), index)
            case ("const", None):
                return instance("builtins.None")
        found = self._type(source, function, shape)
        if found is None or found.kind == "instance":
            return found
        return instance(found.name, *found.args) if found.kind in {"class", "external"} else None

    def _type(self, source: Source, function: int, shape: Shape) -> Value | None:
        """Return a class, or the instance an alias such as `Rows = Annotated[Session, ...]` stands for."""
        match shape:
            case ("name", str(name)):
                alias = self._alias(source, function, name)
                if alias is not None:
                    return alias
        found = self.value(source, function, shape)
        if found is not None and found.kind == "module":
            return None
        return found

    def _alias(self, source: Source, function: int, name: str) -> Value | None:
        for where, definition in self._written_at(source, function, name):
            if definition.what == "binding":
                value = where.facts.bindings[definition.index].value
                if value is not None and value[0] in {"item", "either", "name", "attr"}:
                    return self.annotation(where, 0, value)
                if value is not None and value[0] == "call":
                    return self._new_type(where, value)
        return None

    def _new_type(self, source: Source, shape: Shape) -> Value | None:
        """Return what `NewType("Rows", Session)` is at run time: the type it is made of."""
        match shape:
            case ("call", tuple(func), (_, tuple(made_of)), _):
                maker = self.value(source, 0, func)
                return self.annotation(source, 0, made_of) if maker is not None and maker.last == "NewType" else None
        return None

    def _written_at(self, source: Source, function: int, name: str) -> Iterator[tuple[Source, Definition]]:
        """Yield where a module-level name is written, following plain imports from file to file."""
        scope = source.names.get((function, -1), {})
        definitions = scope.get(name) or source.names.get((0, -1), {}).get(name, ())
        for _ in range(20):
            yield from ((source, definition) for definition in definitions)
            row = next((source.facts.imports[each.index] for each in definitions if each.what == "import"), None)
            target = None if row is None or not row.name else self.project.modules.get(source.target(row))
            if row is None or target is None or target is source:
                return
            source, definitions = target, target.names.get((0, -1), {}).get(row.name, ())

    def aliased(self, source: Source, name: str) -> Iterator[Shape]:
        """Yield what a module-level name was assigned, in the file where that was written."""
        for where, definition in self._written_at(source, 0, name):
            value = where.facts.bindings[definition.index].value if definition.what == "binding" else None
            if value is not None:
                yield value

    def written(self, source: Source, name: str) -> Iterator[tuple[Source, Shape]]:
        """Yield what a module-level name was assigned, with the file where that was written."""
        for where, definition in self._written_at(source, 0, name):
            value = where.facts.bindings[definition.index].value if definition.what == "binding" else None
            if value is not None:
                yield where, value

    def _chosen(self, source: Source, function: int, choices: tuple[Shape, ...]) -> Value | None:
        for choice in choices:
            found = self.annotation(source, function, choice)
            if found is not None and found.name != "builtins.None":
                return found
        return None

    def _generic(self, source: Source, function: int, base: Value | None, index: Shape) -> Value | None:
        if base is None:
            return None
        parts = index[2] if index[0] == "display" else (index,)
        shapes = tuple(part for part in parts if isinstance(part, tuple)) if isinstance(parts, tuple) else ()
        if base.last in library.TRANSPARENT:
            return self._chosen(source, function, shapes[:1] if base.last == "Annotated" else shapes)
        arguments = tuple(
            self.annotation(source, function, shape) or instance("typing.Any") for shape in shapes if shape
        )
        if base.last in {"type", "Type"}:
            return Value("class", arguments[0].name, arguments[0].args) if arguments else None
        if base.last in {"Awaitable", "Coroutine"}:
            return arguments[-1] if arguments else None
        return instance(base.name, *arguments)


def _makes_data(source: Source, decorator: Shape) -> bool:
    return source.last(decorator[1] if decorator[0] == "call" else decorator) in library.DATA_DECORATORS


def _rank(definition: Definition) -> int:
    return _ORDER[definition.what]


_ORDER = {"parameter": 0, "function": 1, "class": 1, "import": 2, "binding": 3}
