"""Rows that are asked for by what the request says: the ways to spell a look-up, and the conditions it carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.sinks import ALCHEMY, REPOSITORIES, SESSIONS, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.values import Value

BY_KEY = words("find_by_id update delete increment compare_and_set restore")
BY_FILTER = words("find_one exists find_many count update_many delete_many")
_CHANGES = words("update delete increment compare_and_set restore update_many delete_many db_delete")
_CRUD = words("get get_joined exists count update delete db_delete get_multi")
_CRUD_OPTIONS = words(
    "db object schema_to_select return_as_model one_or_none join_model join_on allow_multiple commit offset limit"
    " sort_columns sort_orders return_columns db_row"
)
_MAKES = words("create create_many add add_many")
_ROOTS = {"sqlalchemy.select": "", "sqlalchemy.update": "changes", "sqlalchemy.delete": "deletes"}
_NARROW = words("where filter filter_by having join outerjoin join_from select_from with_parent")
_EQUAL = frozenset({"==", "in", "is"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of a look-up: `column` equals `value`, or an expression that narrows in another way."""

    owner: Shape | None
    column: str
    value: Shape


@dataclass(frozen=True, slots=True)
class Lookup:
    """A look-up; `model` is an expression or a symbol, `verb` says what it does to the rows it finds."""

    model: Shape | str | None
    conditions: tuple[Condition, ...]
    others: tuple[Shape, ...]
    verb: str = ""


def of_method(value: Value, args: tuple[Shape, ...], keywords: tuple[tuple[str, Shape], ...]) -> Lookup | None:
    """Return the look-up that a method of a session, a repository or a CRUD object makes."""
    owner = value.of
    if owner is None or value.kind != "method":
        return None
    if owner.name in SESSIONS and value.last in {"get", "get_one"} and args:
        key = args[1:2] or tuple(shape for name, shape in keywords if name == "ident")
        return Lookup(args[0], tuple(Condition(None, "id", shape) for shape in key), ())
    row = owner.args[0].name if owner.args else ""
    verb = ("deletes" if "delete" in value.last else "changes") if value.last in _CHANGES else ""
    if owner.name.startswith("kernel.") and owner.last in REPOSITORIES:
        if value.last in BY_KEY and args:
            return Lookup(row, (Condition(None, "id", args[0]),), (), verb)
        return _filtered(row, args, keywords, verb) if value.last in BY_FILTER else None
    if owner.name == "fastcrud.FastCRUD" and value.last in _CRUD:
        conditions = tuple(Condition(None, name, shape) for name, shape in keywords if name not in _CRUD_OPTIONS)
        return Lookup(row, conditions, (), verb)
    return None


def makes_row(value: Value) -> bool:
    """Tell whether a method of a repository or a CRUD object answers the row that it makes: its id is a new one."""
    owner = value.of
    if owner is None or value.kind != "method" or value.last not in _MAKES:
        return False
    is_kernel = owner.name.startswith("kernel.") and owner.last in REPOSITORIES
    return is_kernel or owner.name in ALCHEMY or owner.name == "fastcrud.FastCRUD"


def _filtered(row: str, args: tuple[Shape, ...], keywords: tuple[tuple[str, Shape], ...], verb: str) -> Lookup | None:
    options = {"order_by", "limit", "offset", "with_deleted", "values"}
    given = [*args[:1], *(shape for name, shape in keywords if name == "filters")]
    named = [Condition(None, name, shape) for name, shape in keywords if name not in options | {"filters"}]
    written = [condition for shape in given for condition in _in_dict(shape)]
    return Lookup(row, (*written, *named), tuple(shape for shape in given if shape[0] != "dict"), verb)


def _in_dict(shape: Shape) -> Iterator[Condition]:
    match shape:
        case ("dict", tuple(keys), tuple(values)):
            for key, value in zip(keys, values, strict=True):
                yield Condition(None, str(key[1]) if key[0] == "const" else "", value)


def is_narrowing(shape: Shape) -> bool:
    """Tell whether a call is a chain that contains a condition, such as `select(X).where(...).limit(1)`."""
    while shape[0] == "call":
        func = shape[1]
        if not isinstance(func, tuple) or func[0] != "attr" or not isinstance(func[1], tuple):
            return False
        if func[2] in _NARROW or (func[2] == "get" and func[1][0] == "call"):
            return True
        shape = func[1]
    return False


def links(shape: Shape) -> tuple[Shape, list[tuple[str, tuple[Shape, ...], tuple[tuple[str, Shape], ...]]]]:
    """Take a chain of calls apart: what it starts from, and each method with its arguments, first to last."""
    found: list[tuple[str, tuple[Shape, ...], tuple[tuple[str, Shape], ...]]] = []
    while True:
        match shape:
            case ("call", ("attr", tuple(base), str(method)), tuple(args), tuple(keywords)):
                found.append((method, args, keywords))
                shape = base
            case _:
                return shape, found[::-1]


def conditions_in(method: str, args: tuple[Shape, ...], keywords: tuple[tuple[str, Shape], ...]) -> Iterator[Condition]:
    """Yield what one link of a chain demands of the rows."""
    if method not in _NARROW:
        return
    for name, shape in keywords:
        if method == "filter_by" or name == "**":
            yield Condition(None, name, shape)
    for arg in args:
        compared = [part for part in within(arg) if part[0] == "compare"]
        for part in compared:
            yield from _compared(part)
        for part in within(arg):
            match part:
                case ("call", ("attr", tuple(column), "in_" | "any_" | "__eq__"), (tuple(value), *_), _):
                    yield from _equal(column, value)
        if not compared and not method.endswith("join"):
            yield Condition(None, "", arg)


def _compared(shape: Shape) -> Iterator[Condition]:
    match shape:
        case ("compare", (str(operator),), (tuple(left), tuple(right))):
            if operator not in _EQUAL:
                yield Condition(None, "", left)
                yield Condition(None, "", right)
                return
            yield from _equal(left, right)
            yield from _equal(right, left)


def _equal(column: Shape, value: Shape) -> Iterator[Condition]:
    match column:
        case ("call", _, (tuple(only),), ()):
            yield from _equal(only, value)
        case ("attr", tuple(owner), str(name)):
            yield Condition(owner, name, value)


def root_verb(value: Value | None) -> str | None:
    """Return what a statement that starts with this call does to its rows, or None when it starts none."""
    if value is None:
        return None
    if value.name.startswith("sqlalchemy.") and value.last == "query" and value.kind == "method":
        return ""
    return _ROOTS.get(value.name)
