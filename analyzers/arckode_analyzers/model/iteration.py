"""Whether what a loop iterates grows with the data.

Literals, enums, ranges of constants, slices with a fixed end, chunks, pages and retries do not. What cannot be told
apart from data is taken for data only when it is a value that arrives at run time: a parameter, an attribute, a call.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import Shape, names_in, within
from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_analyzers.model.calls import CallGraph
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Definition, Source
    from arckode_analyzers.model.values import Value

_SAME_TURNS = words(
    "enumerate sorted reversed list tuple set frozenset iter aiter as_completed dict pairwise zip_longest takewhile"
    " dropwhile filterfalse starmap fromkeys tqdm track"
)
_PREDICATE_FIRST = words("takewhile dropwhile filterfalse starmap")
_ALL_OF_THEM = words("itertools.chain itertools.product itertools.chain.from_iterable")
_CHUNKS = words("batched chunked ichunked sliced chunked_even grouper batches partitions")
# What a program is made of, as it sees itself: as many as somebody wrote down.
_DECLARED = words(
    "typing.get_args dataclasses.fields builtins.dir builtins.vars typing.get_type_hints inspect.getmembers"
    " pkgutil.iter_modules pkgutil.walk_packages importlib.metadata.entry_points sqlalchemy.inspect"
    " django.apps.apps.get_models django.apps.apps.get_app_configs"
)
# What a request brings, as Django spells it: no settings, though they look like some.
_SENT = words("GET POST FILES COOKIES META")
_CHOICES = words("django.db.models.Choices django.db.models.TextChoices django.db.models.IntegerChoices")
_OF_A_CLASS = words("model_fields sorted_tables _meta")
_ENDLESS = words("itertools.count itertools.cycle itertools.repeat")
_GROWS = words("append add extend insert update appendleft setdefault put put_nowait")
_RETRIES = ("stamina.", "tenacity.", "backoff.", "retrying.")
_INPUT = frozenset({"builtins", "sys", "fileinput"})
_SETTINGS = frozenset({"self", "cls", "settings", "config"})
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Iteration:
    """A place from which expressions are judged."""

    graph: CallGraph
    source: Source
    function: int
    depth: int = 0

    def is_data(self, shape: Shape) -> bool:
        """Tell whether a loop over this expression turns once per row."""
        judge = _JUDGES.get(str(shape[0]))
        if judge is None or self.depth > _DEEPEST:
            return True
        return judge(replace(self, depth=self.depth + 1), shape)

    def any_data(self, shapes: object) -> bool:
        return any(self.is_data(part) for part in parts_of(shapes))

    def value(self, shape: Shape) -> Value | None:
        return self.graph.resolver.value(self.source, self.function, shape)

    def elsewhere(self, source: Source, function: int) -> Iteration:
        return replace(self, source=source, function=function)

    def definitions(self, name: str) -> tuple[int, tuple[Definition, ...]]:
        """Return the scope that gives a name its meaning, and the definitions there."""
        for scope in (self.function, 0):
            found = self.source.names.get((scope, -1), {}).get(name)
            if found:
                return scope, found
        return 0, ()

    def is_chunks(self, shape: Shape) -> bool:
        """Tell whether a loop over this expression is handed batches: `for batch in chunked(rows, 500)`."""
        match shape:
            case ("call", tuple(func), tuple(args), _):
                value = self.value(func)
                if value is not None and value.last in _SAME_TURNS and args:
                    return self.is_chunks(args[0])
                if self.is_range(shape):
                    return len(args) == 3 and not _range(self, args)
                if value is None:
                    return func[0] == "attr" and func[-1] in _CHUNKS
                return args[1:2] != (("const", 1),) and not self.is_data(shape) and _gives_chunks(self, value)
        return False

    def is_range(self, shape: Shape) -> bool:
        value = self.value(shape[1]) if shape[0] == "call" and isinstance(shape[1], tuple) else None
        return value is not None and value.name == "builtins.range"


def parts_of(shapes: object) -> tuple[Shape, ...]:
    """Return a tuple of shapes out of a shape's field."""
    return tuple(part for part in shapes if isinstance(part, tuple)) if isinstance(shapes, tuple) else ()


def _const(_: Iteration, __: Shape) -> bool:
    return False


def _comp(at: Iteration, shape: Shape) -> bool:
    return at.any_data(shape[2])


def _choices(at: Iteration, shape: Shape) -> bool:
    return at.any_data(shape[1])


def _other(at: Iteration, shape: Shape) -> bool:
    return not shape[1] or at.any_data(shape[1])


def _display(at: Iteration, shape: Shape) -> bool:
    return at.any_data(tuple(part[1] for part in parts_of(shape[2]) if part[0] == "star"))


def _dict(at: Iteration, shape: Shape) -> bool:
    spread = (value for key, value in zip(parts_of(shape[1]), parts_of(shape[2]), strict=True) if key == ("other", ()))
    return any(at.is_data(value) for value in spread)


def _star(at: Iteration, shape: Shape) -> bool:
    return at.any_data(shape[1:])


def _item(at: Iteration, shape: Shape) -> bool:
    match shape:
        case ("item", tuple(base), ("slice", fixed_end)):
            return not fixed_end and at.is_data(base)
        case ("item", tuple(base), ("const", key)):
            values = list(_members(at, base, ("const", key)))
            return any(where.is_data(value) for where, value in values) if values else at.is_data(base)
        case ("item", tuple(base), _):
            return at.is_data(base)
    return True


def _members(at: Iteration, base: Shape, key: Shape) -> Iterator[tuple[Iteration, Shape]]:
    """Yield what a dictionary that is written out holds under a key: `{"rows": rows}["rows"]`."""
    if at.depth > _DEEPEST:
        return
    match base:
        case ("dict", tuple(keys), tuple(values)) if key in keys:
            yield at, values[keys.index(key)]
        case ("name", str(name)):
            scope, definitions = at.definitions(name)
            bindings = (at.source.facts.bindings[each.index] for each in definitions if each.what == "binding")
            for row in bindings:
                if row.value is not None and row.how == "=":
                    yield from _members(replace(at, function=scope, depth=at.depth + 1), row.value, key)
        case ("call", tuple(func), _, _):
            value = at.value(func)
            found = None if value is None else at.graph.project.functions.get(value.name)
            if found is not None:
                inside = replace(at, source=found.source, function=found.index, depth=at.depth + 1)
                for result in found.source.results_of.get(found.index, ()):
                    yield from _members(inside, result.value, key)


def _call(at: Iteration, shape: Shape) -> bool:
    match shape:
        case ("call", ("attr", tuple(base), "items" | "values" | "keys" | "copy"), _, _):
            return not _is_keywords(at, base) and at.is_data(base)
        case ("call", ("attr", ("const", _), _), _, _):
            return False
        case ("call", ("attr", _, str(name)), _, _) if _is_special(name):
            return False
        case ("call", tuple(func), tuple(args), _):
            if func[0] == "attr" and _is_of_the_program(at, func):
                return False  # `Order._meta.get_fields()`
            value = at.value(func)
            if value is None:
                return not (func[0] == "attr" and func[-1] in _CHUNKS)
            return _called(at, value, args)
    return True


def _is_keywords(at: Iteration, shape: Shape) -> bool:
    """Tell whether a mapping is a function's own `**rest`: as many names as callers wrote down."""
    if shape[0] != "name":
        return False
    parameters = at.source.facts.parameters
    _, definitions = at.definitions(str(shape[1]))
    return bool(definitions) and all(
        each.what == "parameter" and parameters[each.index].kind == "rest" for each in definitions
    )


def _called(at: Iteration, value: Value, args: tuple[Shape, ...]) -> bool:
    if value.name == "builtins.range":
        return _range(at, args)
    if value.last in _CHUNKS and args[1:2] == (("const", 1),):
        return at.is_data(args[0])
    if _is_bounded(at, value, args):
        return False
    if value.name in _ALL_OF_THEM:
        return any(at.is_data(part) for part in args)
    if value.name in {"builtins.zip", "builtins.map", "builtins.filter"}:
        return all(at.is_data(part) for part in args[0 if value.last == "zip" else 1 :])
    if value.kind == "external" and value.last in _SAME_TURNS and args:
        return at.is_data(args[1 if value.last in _PREDICATE_FIRST and len(args) > 1 else 0])
    found = at.graph.project.functions.get(value.name)
    if found is None:
        return True
    return _yields_rows(at, found) if found.record.is_generator else not _returns_a_list_written_out(at, found)


def _returns_a_list_written_out(at: Iteration, found: FunctionAt) -> bool:
    """Tell whether a function of the project only hands out what it lists: `return [Admin(), Guest()]`."""
    results = [row.value for row in found.source.results_of.get(found.index, ())]
    inside = at.elsewhere(found.source, found.index)
    return bool(results) and all(
        result[0] in {"display", "dict"} and not _is_empty(result) and not inside.is_data(result) for result in results
    )


def _is_bounded(at: Iteration, value: Value, args: tuple[Shape, ...]) -> bool:
    if value.name in _DECLARED or (value.name == "itertools.islice" and _ends_fixed(at, args)):
        return True
    if value.kind in {"external", "method"} and (value.name in _ENDLESS or value.last in _CHUNKS):
        return True
    return value.name.startswith(_RETRIES) or _yields_chunks(at, value)


def _gives_chunks(at: Iteration, value: Value) -> bool:
    return (value.kind in {"external", "method"} and value.last in _CHUNKS) or _yields_chunks(at, value)


def _ends_fixed(at: Iteration, args: tuple[Shape, ...]) -> bool:
    end = args[1:2] if len(args) == 2 else args[2:3]
    return bool(end) and _is_number(at, end[0])


def _yields_rows(at: Iteration, found: FunctionAt) -> bool:
    """Tell whether a generator of the project turns once per row, rather than once per page, poll or signal."""
    loops = found.source.facts.loops
    inside = at.elsewhere(found.source, found.index)
    return any(
        (row.how == "yield from" and inside.is_data(row.value))
        or any(loops[each].kind != "while" and inside.is_data(loops[each].source) for each in row.loops)
        for row in found.source.results_of.get(found.index, ())
        if row.how != "return"
    )


def _yields_chunks(at: Iteration, value: Value) -> bool:
    """Tell whether a function of the project gives slices rather than rows."""
    found = at.graph.project.functions.get(value.name)
    if found is None:
        return False
    results = [row.value for row in found.source.results_of.get(found.index, ())]
    return bool(results) and all(any(_is_chunk(part) for part in within(result)) for result in results)


def _is_chunk(shape: Shape) -> bool:
    match shape:
        case ("item", _, ("slice", _)):
            return True
        case ("call", tuple(func), _, _):
            return func[-1] in {"islice", *_CHUNKS}
    return False


def _range(at: Iteration, args: tuple[Shape, ...]) -> bool:
    """Tell whether a range ends with the data; a step other than one means chunks."""
    if len(args) == 3 and args[2] not in {("const", 1), ("const", -1)}:
        return False
    return any(not _is_number(at, part) for part in args)


def _is_number(at: Iteration, shape: Shape) -> bool:
    """Tell whether a number is written down somewhere: a literal, a constant, a setting, a default."""
    match shape:
        case ("const", int()):
            return True
        case ("attr", _, str(name)):
            return name.isupper() or names_in(shape) <= _SETTINGS
        case ("name", str(name)):
            return name.isupper() or _is_named_number(at, name)
        case ("binary", _, tuple(left), tuple(right)):
            return _is_number(at, left) and _is_number(at, right)
        case ("other", tuple(parts)):
            return bool(parts) and all(_is_number(at, part) for part in parts_of(parts))
        case ("call", tuple(func), tuple(args), _):
            value = at.value(func)
            if value is not None and value.name == "builtins.min":
                return any(_is_number(at, part) for part in args)
            return value is not None and _falls_back(at, value)
    return False


def _falls_back(at: Iteration, value: Value) -> bool:
    """Tell whether a function of the project answers with a constant or a setting unless it is told otherwise."""
    found = at.graph.project.functions.get(value.name)
    if found is None or at.depth > _DEEPEST:
        return False
    inside = replace(at, source=found.source, function=found.index, depth=at.depth + 1)
    results = (row.value for row in found.source.results_of.get(found.index, ()))
    return any(result[0] in {"name", "attr"} and _is_number(inside, result) for result in results)


def _is_named_number(at: Iteration, name: str) -> bool:
    scope, definitions = at.definitions(name)
    if not definitions or at.depth > _DEEPEST:
        return False
    first = definitions[0]
    if first.what == "parameter":
        default = at.source.facts.parameters[first.index].default
        return default is not None and default[0] == "const" and isinstance(default[1], int)
    value = at.source.facts.bindings[first.index].value if first.what == "binding" else None
    return value is not None and _is_number(replace(at, function=scope, depth=at.depth + 1), value)


def _name(at: Iteration, shape: Shape) -> bool:
    if _is_enumeration(at, at.value(shape)):
        return False
    scope, definitions = at.definitions(str(shape[1]))
    inside = at.elsewhere(at.source, scope)
    return not definitions or any(_definition(inside, str(shape[1]), each) for each in definitions)


def _definition(at: Iteration, name: str, definition: Definition) -> bool:
    if definition.what == "import":
        row = at.source.facts.imports[definition.index]
        target = at.graph.project.modules.get(at.source.target(row))
        return target is None or at.elsewhere(target, 0).is_data(("name", row.name))
    if definition.what == "parameter":
        return not _is_written_out(at, at.source.facts.parameters[definition.index].default)
    if definition.what != "binding":
        return True
    binding = at.source.facts.bindings[definition.index]
    if binding.value is None or binding.how != "=":
        return True
    if at.function == 0 and name.isupper() and binding.value[0] == "call":
        return False  # a table that the program makes when it starts
    if _is_part_of_answer(at, binding.value):
        return True
    return _grows(at, name) or at.is_data(binding.value)


def _is_part_of_answer(at: Iteration, shape: Shape) -> bool:
    """Tell whether a value is one of several collections that a function answers: `paid, late = split(orders)`."""
    match shape:
        case ("other", (("call", tuple(func), _, _),)):
            value = at.value(func)
            found = None if value is None else at.graph.project.functions.get(value.name)
            if found is not None:
                inside = at.elsewhere(found.source, found.index)
                results = (row.value for row in found.source.results_of.get(found.index, ()))
                return any(inside.any_data(result[2]) for result in results if result[0] == "display")
    return False


def _grows(at: Iteration, name: str) -> bool:
    """Tell whether a collection that starts as a literal is filled later."""
    target = ("name", name)
    called = any(
        call.func[0] == "attr" and call.func[1] == target and call.func[2] in _GROWS
        for call in at.source.calls_of.get(at.function, ())
    )
    return called or any(
        row.function == at.function and (row.target[1] == target or (row.how == "+=" and row.target == target))
        for row in at.source.facts.bindings
    )


def _attr(at: Iteration, shape: Shape) -> bool:
    match shape:
        case ("attr", tuple(base), str(name)):
            if _is_special(name) or _is_of_the_program(at, base) or _is_enumeration(at, at.value(shape)):
                return False
            owner = at.value(base)
            if owner is not None and owner.kind == "class" and _is_enumeration(at, owner):
                return False  # `Status.choices`
            if name.isupper() and name not in _SENT and (owner is None or not _declares(at, owner, name)):
                return False  # a setting
            return owner is None or _attribute(at, owner, name)
    return True


def _is_special(name: str) -> bool:
    """Tell whether an attribute is what Python keeps about a class or module: `__dict__`, `__mapper__`."""
    return (name.startswith("__") and name.endswith("__")) or name in _OF_A_CLASS


def _is_of_the_program(at: Iteration, base: Shape) -> bool:
    """Tell whether an attribute belongs to what describes the program: `X.__mapper__.relationships`."""
    match base:
        case ("attr", tuple(inner), str(name)):
            return _is_special(name) or _is_of_the_program(at, inner)
        case ("call", tuple(func), _, _):
            value = at.value(func)
            return value is not None and value.name in _DECLARED
    return False


def _declares(at: Iteration, owner: Value, name: str) -> bool:
    """Tell whether the source says what an attribute holds."""
    project = at.graph.project
    if owner.kind == "module":
        return owner.name in project.modules
    klass = project.classes.get(owner.name)
    if klass is None:
        return False
    scope = klass.source.names.get((klass.record.function, klass.index), {})
    return name in scope or (owner.name, name) in project.attributes


def _attribute(at: Iteration, owner: Value, name: str) -> bool:
    """Tell whether an attribute is more than a literal written once, in the class, its module or `__init__`."""
    project = at.graph.project
    if owner.kind == "module":
        target = project.modules.get(owner.name)
        return target is None or at.elsewhere(target, 0).is_data(("name", name))
    klass = project.classes.get(owner.name)
    if klass is None:
        return True
    scope = klass.source.names.get((klass.record.function, klass.index), {}).get(name, ())
    places = [(klass.source, each.index) for each in scope if each.what == "binding"]
    places += project.attributes.get((owner.name, name), [])
    rows = [(where, where.facts.bindings[index]) for where, index in places]
    computed = [
        (klass.source, each.index, result.value)
        for each in scope
        if each.what == "function"
        for result in klass.source.results_of.get(each.index, ())
    ]
    if computed and not rows:  # a property: what it answers with
        return any(at.elsewhere(where, index).is_data(value) for where, index, value in computed)
    is_field = at.graph.resolver.declares_data(owner)
    return not rows or any(
        row.value is None
        or (row.annotation is not None and is_field)
        or row.value == ("const", None)  # nobody loops over that: something else is put there
        or _is_empty(row.value)
        or at.elsewhere(where, row.function).is_data(row.value)
        for where, row in rows
    )


def _is_empty(shape: Shape) -> bool:
    """Tell whether a collection starts with nothing in it: somebody fills it, or nobody would loop over it."""
    match shape:
        case ("display", _, ()) | ("dict", (), ()):
            return True
        case ("call", ("name", "list" | "dict" | "set" | "deque"), (), ()):
            return True
    return False


def _is_written_out(at: Iteration, default: Shape | None) -> bool:
    """Tell whether a parameter's default lists what the loop is about: `kinds=("draft", "paid")`."""
    if default is None or default[0] != "display" or _is_empty(default):
        return False
    return not at.is_data(default)


def _is_enumeration(at: Iteration, value: Value | None) -> bool:
    """Tell whether a loop over this value visits the members of an enum, or of a class from elsewhere."""
    if value is None:
        return False
    if value.kind == "external":
        library = value.name.partition(".")[0]
        is_table = library in sys.stdlib_module_names and library not in _INPUT
        return is_table or (value.last[:1].isupper() and not value.last.isupper())
    ancestors = at.graph.resolver.ancestors(value) if value.kind == "class" else ()
    return any(
        ancestor.name.startswith("enum.") or ancestor.last.endswith("Enum") or ancestor.name in _CHOICES
        for ancestor in ancestors
    )


_JUDGES: dict[str, Callable[[Iteration, Shape], bool]] = {
    "comp": _comp,
    "const": _const,
    "dict": _dict,
    "display": _display,
    "star": _star,
    "either": _choices,
    "other": _other,
    "binary": lambda at, shape: _other(at, ("other", shape[2:])),
    "format": _other,
    "call": _call,
    "name": _name,
    "attr": _attr,
    "item": _item,
}
