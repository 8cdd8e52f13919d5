"""A statement as sqlglot's tree, as operations; what a tree does not say for certain becomes `unknown`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.sql.altering import alterations
from arckode_analyzers.sql.declarations import constraint_of, declared, name_of, plain
from arckode_analyzers.sql.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import exp

_OBJECTS = frozenset({"VIEW", "MATERIALIZED VIEW", "FUNCTION", "PROCEDURE", "SEQUENCE", "TRIGGER", "TYPE", "DOMAIN"})


def operations(tree: exp.Expression) -> Iterator[Operation]:
    """Yield what a statement names anew, and then what it does."""
    from sqlglot import exp

    named = tuple(dict.fromkeys(_named(tree)))
    if named:
        yield Operation("names", parts=named)
    for inner in tree.find_all(exp.CTE):
        if isinstance(inner.this, exp.Update | exp.Delete | exp.Insert):
            yield from operations(inner.this)
    match tree:
        case exp.Create():
            yield from _create(tree)
        case exp.Drop():
            yield from _drop(tree)
        case exp.Alter():
            yield from alterations(tree)
        case exp.Update() | exp.Delete() | exp.Insert() | exp.TruncateTable():
            yield from _rows(tree)
        case exp.Select() if tree.args.get("into") is not None:
            yield Operation("create_table", name_of(tree.args["into"]), flags=("open",))
        case _:
            yield Operation("other")


def _rows(tree: exp.Expression) -> Iterator[Operation]:
    from sqlglot import exp

    match tree:
        case exp.TruncateTable():
            flags = ("cascade",) if tree.args.get("option") == "CASCADE" else ()
            yield from (Operation("truncate", name_of(table), flags=flags) for table in tree.expressions)
        case exp.Update() | exp.Delete():
            kind = "update" if isinstance(tree, exp.Update) else "delete"
            limited = any(tree.args.get(word) for word in ("where", "limit", "using")) or tree.this.args.get("joins")
            parts = tuple(sorted({column.name.lower() for column in tree.find_all(exp.Column)}))
            yield Operation(kind, name_of(tree.this), parts=parts, flags=("where",) if limited else ())
        case exp.Insert():
            from_rows = isinstance(tree.expression, exp.Query) and not isinstance(tree.expression, exp.Values)
            reads = from_rows and tree.expression.find(exp.Table) is not None
            yield Operation("insert", name_of(tree.this), flags=("select",) if reads else ())


def _named(tree: exp.Expression) -> Iterator[str]:
    """Yield each identifier that a statement brings into the world, quoted when it is written so."""
    from sqlglot import exp

    places: list[exp.Expression | None] = []
    if isinstance(tree, exp.Create):
        places += [tree.this.this if isinstance(tree.this, exp.Schema | exp.Index) else tree.this]
        places += [*tree.find_all(exp.ColumnDef), *tree.find_all(exp.Constraint)]
    elif isinstance(tree, exp.Alter):
        for action in tree.args.get("actions") or []:
            if isinstance(action, exp.ColumnDef | exp.AlterRename):
                places.append(action)
            elif isinstance(action, exp.RenameColumn):
                places.append(action.args["to"])
            places += [*action.find_all(exp.Constraint)]
    for place in places:
        identifier = place
        while identifier is not None and not isinstance(identifier, exp.Identifier):
            identifier = identifier.this if isinstance(identifier.this, exp.Expression) else None
        if identifier is not None:
            yield f'"{identifier.name}"' if identifier.args.get("quoted") else identifier.name


def _create(tree: exp.Create) -> Iterator[Operation]:
    from sqlglot import exp

    flags = [flag for flag in ("exists", "concurrently", "unique", "replace") if tree.args.get(flag)]
    if tree.kind == "TABLE":
        schema = tree.this
        flags += _options(tree)
        if tree.expression is not None or not isinstance(schema, exp.Schema) or tree.find(exp.LikeProperty):
            yield Operation("create_table", name_of(schema), flags=(*flags, "open"))
            return
        columns = declared(schema)
        keyless = [] if any(column.primary for column in columns) else ["keyless"]
        uniques = tuple(_composite(schema))
        yield Operation("create_table", name_of(schema), columns=columns, parts=uniques, flags=(*flags, *keyless))
    elif tree.kind == "INDEX" and isinstance(tree.this, exp.Index):
        params = tree.this.args.get("params")
        members = params.args.get("columns") or [] if params is not None else []
        parts = tuple(plain(each) for each in members)
        if params is not None and params.args.get("where"):
            flags.append("partial")
        if str(tree.this.args.get("index_type") or "").upper() in {"FULLTEXT", "SPATIAL"}:
            flags.append("fulltext")
        table = tree.this.args.get("table")
        yield Operation("create_index", name_of(table), tree.this.name.lower(), parts=parts, flags=tuple(flags))
    elif tree.kind in _OBJECTS:
        yield Operation("create_object", "", _last_name(tree.this), str(tree.kind))
    else:
        yield Operation("other")


def _options(tree: exp.Create) -> Iterator[str]:
    from sqlglot import exp

    for kind, flag in ((exp.TemporaryProperty, "temporary"), (exp.UnloggedProperty, "unlogged")):
        if tree.find(kind):
            yield flag
    engine, charset = tree.find(exp.EngineProperty), tree.find(exp.CharacterSetProperty)
    if engine is not None:
        yield f"engine:{engine.name.lower()}"
    if charset is not None:
        yield f"charset:{charset.name.lower()}"


def _composite(schema: exp.Schema) -> Iterator[str]:
    """Yield the columns of each UNIQUE over several."""
    from sqlglot import exp

    for each in schema.expressions:
        for constraint in each.expressions if isinstance(each, exp.Constraint) else [each]:
            kind, names = constraint_of(constraint)
            if kind == "unique" and len(names) > 1:
                yield ",".join(names)


def _drop(tree: exp.Drop) -> Iterator[Operation]:
    flags = tuple(flag for flag in ("cascade", "concurrently", "exists", "temporary") if tree.args.get(flag))
    said = "MATERIALIZED VIEW" if tree.args.get("materialized") else str(tree.args.get("kind"))
    kinds = {"TABLE": "drop_table", "INDEX": "drop_index", "SCHEMA": "drop_schema", "DATABASE": "drop_schema"}
    kind = kinds.get(said, "drop_object" if said in _OBJECTS else "other")
    for table in tree.args.get("tables") or [tree.this]:
        name = name_of(table) or _last_name(table)
        if kind == "drop_table":
            yield Operation(kind, name, flags=flags)
        elif kind == "drop_index":
            yield Operation(kind, name_of(tree.args.get("cluster")) or "", name, flags=flags)
        else:
            yield Operation(kind, "", name, said, flags=flags)


def _last_name(tree: exp.Expression | None) -> str:
    """Return the name of a function, a trigger or whatever else is no table."""
    from sqlglot import exp

    if tree is None:
        return ""
    found = tree if isinstance(tree, exp.Table) else tree.find(exp.Table) or tree.find(exp.Identifier) or tree
    return found.name.lower()
