"""What Alembic's `op.*` calls do, as the operations that SQL statements are read into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import Shape, within
from arckode_analyzers.model.constants import text_of
from arckode_analyzers.sql.operations import Column, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.source import Source

_VOLATILE = ("random(", "uuid_generate", "gen_random_uuid", "clock_timestamp", "nextval(")


class Ops:
    """Reads the calls of one file."""

    def __init__(self, analysis: Analysis, source: Source) -> None:
        self._analysis = analysis
        self._source = source

    def operations(
        self,
        function: int,
        method: str,
        args: tuple[Shape, ...],
        keywords: Mapping[str, Shape],
        batch: str | None = None,
    ) -> tuple[Operation, ...]:
        """Return what `op.method(...)` does; in a batch the table is the batch's."""
        given = list(args)
        if batch is not None and method not in {"execute", "create_table", "drop_table"}:
            name = ("const", batch)
            at = 1 if method in _NAMED_FIRST else 0
            given = [*given[:at], name, *given[at:]] if len(given) >= at else [*given, ("const", None), name]
        reads = _READS.get(method)
        if reads is None:
            return () if method in _NOTHING else (Operation("unknown"),)
        found = reads(self, function, given, keywords)
        # A computed table's name, as with a prefix for every table: it may be any.
        return tuple(each if each.table or method in _WITHOUT_TABLE else Operation("unknown") for each in found)

    def text(self, function: int, shape: Shape | None) -> str:
        """Return a text that is written down, through `op.f(...)`; empty otherwise."""
        match shape:
            case ("call", (*_, "f"), (tuple(inner), *_), _):
                return self.text(function, inner)
            case ("call", (*_, "quoted_name"), (tuple(inner), *_), _):
                return self.text(function, inner)
        return (text_of(self._analysis.project, self._source, function, shape) or "").lower() if shape else ""

    def column(self, function: int, shape: Shape) -> Column | None:
        """Return what `sa.Column(...)` declares, or None when it is computed."""
        match shape:
            case ("call", (*_, "Column"), tuple(args), tuple(pairs)):
                keywords = dict(pairs)
                name = self.text(function, args[0]) if args else self.text(function, keywords.get("name"))
                if not name:
                    return None
                parts = args[1:]
                kinds = [_called(part) for part in parts]
                primary = keywords.get("primary_key") == ("const", True)
                nullable = keywords.get("nullable", ("const", not primary)) != ("const", False)
                generated = "identity" if "Identity" in kinds else "stored" if "Computed" in kinds else ""
                reference = next((part for part in parts if _called(part) == "ForeignKey"), None)
                target = self.text(function, reference[2][0]) if _has_args(reference) else ""  # type: ignore[index]  # a call's arguments
                type_ = next((part for part in parts if _called(part) not in _NO_TYPES), keywords.get("type_"))
                return Column(
                    name,
                    type_text(type_),
                    nullable and not primary,
                    _default(keywords.get("server_default")),
                    keywords.get("unique") == ("const", True),
                    primary,
                    generated,
                    target.split(".")[-2] if target.count(".") else "",
                )
        return None


def _arguments(shape: Shape) -> tuple[Shape, ...]:
    match shape:
        case ("call", _, tuple(args), _):
            return args
    return ()


def _has_args(shape: Shape | None) -> bool:
    return shape is not None and isinstance(shape[2], tuple) and bool(shape[2])


def _called(shape: Shape) -> str:
    if shape[0] == "call" and isinstance(shape[1], tuple):
        return str(shape[1][-1])
    return str(shape[-1]) if shape[0] in {"attr", "name"} else ""


_NO_TYPES = frozenset({"ForeignKey", "Identity", "Computed", "Sequence", "CheckConstraint", "FetchedValue"})
_SAME = {
    "STRING": "VARCHAR",
    "UNICODE": "VARCHAR",
    "AUTOSTRING": "VARCHAR",
    "UNICODETEXT": "TEXT",
    "DECIMAL": "NUMERIC",
}


def type_text(shape: Shape | None) -> str:
    """Return a column type as SQL writes it, empty for one that is computed."""
    if shape is None:
        return ""
    name = _called(shape).upper()
    name = _SAME.get(name, name)
    numbers: list[str] = []
    match shape:
        case ("call", _, tuple(args), tuple(pairs)):
            given = [*args, *(value for key, value in pairs if key in {"length", "precision", "scale"})]
            numbers = [str(each[1]) for each in given if each[0] == "const" and isinstance(each[1], int)]
            if ("timezone", ("const", True)) in pairs:
                return f"{name} WITH TIME ZONE"
    return f"{name}({', '.join(numbers)})" if numbers and name in {"VARCHAR", "CHAR", "NUMERIC"} else name


def _default(shape: Shape | None) -> str:
    if shape is None or shape == ("const", None):
        return ""
    texts = [str(part[1]).lower() for part in within(shape) if part[0] == "const"]
    names = {_called(part) for part in within(shape)}
    is_volatile = any(word in text for text in texts for word in _VOLATILE) or names & {"uuid_generate_v4", "random"}
    return "volatile" if is_volatile else "constant"


_Given = list[Shape]
_Keywords = "Mapping[str, Shape]"


def _at(given: _Given, at: int, keywords: Mapping[str, Shape], name: str) -> Shape | None:
    return given[at] if len(given) > at else keywords.get(name)


def _parts(ops: Ops, function: int, shape: Shape | None) -> tuple[str, ...]:
    match shape:
        case ("display", _, tuple(elements)):
            return tuple(ops.text(function, each) for each in elements)
    return ()


def _create_table(ops: Ops, function: int, given: _Given, _: Mapping[str, Shape]) -> tuple[Operation, ...]:
    table = ops.text(function, given[0] if given else None)
    columns: dict[str, Column] = {}
    is_open = False
    for each in given[1:]:
        column = ops.column(function, each)
        if column is not None:
            columns[column.name] = column
        elif each[0] == "star" or _called(each) in {"Column", ""}:
            is_open = True
    for each in given[1:]:
        names = tuple(ops.text(function, part) for part in _arguments(each))
        for name in names:
            if _called(each) == "PrimaryKeyConstraint" and name in columns:
                columns[name] = columns[name]._replace(primary=True, nullable=False)
            if _called(each) == "UniqueConstraint" and len(names) == 1 and name in columns:
                columns[name] = columns[name]._replace(unique=True)
    flags = ("open",) if is_open else ()
    return (Operation("create_table", table, columns=tuple(columns.values()), flags=flags),)


def _drop_table(ops: Ops, function: int, given: _Given, _: Mapping[str, Shape]) -> tuple[Operation, ...]:
    return (Operation("drop_table", ops.text(function, given[0] if given else None)),)


def _rename_table(ops: Ops, function: int, given: _Given, keywords: Mapping[str, Shape]) -> tuple[Operation, ...]:
    old, new = _at(given, 0, keywords, "old_table_name"), _at(given, 1, keywords, "new_table_name")
    return (Operation("rename_table", ops.text(function, old), detail=ops.text(function, new)),)


def _add_column(ops: Ops, function: int, given: _Given, keywords: Mapping[str, Shape]) -> tuple[Operation, ...]:
    table = ops.text(function, _at(given, 0, keywords, "table_name"))
    shape = _at(given, 1, keywords, "column")
    column = ops.column(function, shape) if shape is not None else None
    if column is None or not table:
        return (Operation("unknown", table),)
    return (Operation("add_column", table, column.name, columns=(column,)),)


def _drop_column(ops: Ops, function: int, given: _Given, keywords: Mapping[str, Shape]) -> tuple[Operation, ...]:
    table = ops.text(function, _at(given, 0, keywords, "table_name"))
    name = ops.text(function, _at(given, 1, keywords, "column_name"))
    return (Operation("drop_column", table, name) if name else Operation("unknown", table),)


def _alter_column(ops: Ops, function: int, given: _Given, keywords: Mapping[str, Shape]) -> tuple[Operation, ...]:
    table = ops.text(function, _at(given, 0, keywords, "table_name"))
    name = ops.text(function, _at(given, 1, keywords, "column_name"))
    if not table or not name:
        return (Operation("unknown", table),)
    found: list[Operation] = []
    renamed = keywords.get("new_column_name")
    if renamed is not None:
        found.append(Operation("rename_column", table, name, ops.text(function, renamed)))
        name = ops.text(function, renamed)
    if "type_" in keywords:
        old, new = type_text(keywords.get("existing_type")), type_text(keywords["type_"])
        found.append(Operation("alter_type", table, name, new, parts=(old,)))
    nullable = keywords.get("nullable")
    if nullable is not None:
        is_loosened, is_tightened = nullable == ("const", True), nullable == ("const", False)
        kind = "drop_not_null" if is_loosened else "set_not_null" if is_tightened else "unknown"
        was = keywords.get("existing_nullable")
        if was != nullable:
            found.append(Operation(kind, table, name))
    if "server_default" in keywords:
        default = _default(keywords["server_default"])
        found.append(Operation("set_default" if default else "drop_default", table, name, default))
    return tuple(found) or (Operation("other", table, name),)


def _create_index(ops: Ops, function: int, given: _Given, keywords: Mapping[str, Shape]) -> tuple[Operation, ...]:
    name = ops.text(function, _at(given, 0, keywords, "index_name"))
    table = ops.text(function, _at(given, 1, keywords, "table_name"))
    parts = _parts(ops, function, _at(given, 2, keywords, "columns"))
    flags = ["unique"] if keywords.get("unique") == ("const", True) else []
    flags += ["concurrently"] if keywords.get("postgresql_concurrently") == ("const", True) else []
    flags += ["partial"] if {"postgresql_where", "sqlite_where"} & keywords.keys() else []
    return (Operation("create_index", table, name, parts=parts, flags=tuple(flags)),)


def _drop_index(ops: Ops, function: int, given: _Given, keywords: Mapping[str, Shape]) -> tuple[Operation, ...]:
    name = ops.text(function, _at(given, 0, keywords, "index_name"))
    table = ops.text(function, _at(given, 1, keywords, "table_name"))
    flags = ("concurrently",) if keywords.get("postgresql_concurrently") == ("const", True) else ()
    return (Operation("drop_index", table, name, flags=flags),)


def _adds(detail: str) -> Callable[[Ops, int, _Given, Mapping[str, Shape]], tuple[Operation, ...]]:
    def read(ops: Ops, function: int, given: _Given, keywords: Mapping[str, Shape]) -> tuple[Operation, ...]:
        name = ops.text(function, _at(given, 0, keywords, "constraint_name"))
        source = "source_table" if detail == "foreign key" else "table_name"
        table = ops.text(function, _at(given, 1, keywords, source))
        at, key = (3, "local_cols") if detail == "foreign key" else (2, "columns")
        parts = _parts(ops, function, _at(given, at, keywords, key))
        flags = ("not valid",) if keywords.get("postgresql_not_valid") == ("const", True) else ()
        return (Operation("add_constraint", table, name, detail, parts=parts, flags=flags),)

    return read


def _drop_constraint(ops: Ops, function: int, given: _Given, keywords: Mapping[str, Shape]) -> tuple[Operation, ...]:
    name = ops.text(function, _at(given, 0, keywords, "constraint_name"))
    table = ops.text(function, _at(given, 1, keywords, "table_name"))
    return (Operation("drop_constraint", table, name),)


_READS = {
    "create_table": _create_table,
    "drop_table": _drop_table,
    "rename_table": _rename_table,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "alter_column": _alter_column,
    "create_index": _create_index,
    "drop_index": _drop_index,
    "create_foreign_key": _adds("foreign key"),
    "create_unique_constraint": _adds("unique"),
    "create_check_constraint": _adds("check"),
    "create_primary_key": _adds("primary key"),
    "create_exclude_constraint": _adds("exclude"),
    "drop_constraint": _drop_constraint,
}
# PostgreSQL and SQLite know an index by its name alone.
_WITHOUT_TABLE = frozenset({"drop_index"})
_NAMED_FIRST = frozenset(
    {
        "create_index",
        "drop_index",
        "create_foreign_key",
        "create_unique_constraint",
        "create_check_constraint",
        "create_primary_key",
        "create_exclude_constraint",
        "drop_constraint",
    }
)
_NOTHING = frozenset(
    {"f", "get_bind", "get_context", "bulk_insert", "batch_alter_table", "inline_literal", "implementation_for"}
    | {
        "create_table_comment",
        "drop_table_comment",
        "execute",
        "create_entity",
        "drop_entity",
        "replace_entity",
        "run_async",
    }
)
