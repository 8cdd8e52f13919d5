"""What an ALTER TABLE does, as operations; an action that is not known is `unknown`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.sql.declarations import column_of, constraint_of, default_of, name_of, type_of
from arckode_analyzers.sql.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import exp

_NAME = r"[\"`\[]?(?:\w+[\"`\]]?\.[\"`\[]?)?(\w+)[\"`\]]?"


def alterations(tree: exp.Alter) -> Iterator[Operation]:
    if tree.args.get("kind") != "TABLE":
        yield Operation("other")
        return
    table = name_of(tree.this)
    for option in tree.args.get("options") or []:
        text = re.sub(r"[\s=]+", " ", option.sql("mysql").upper())
        if re.search(r"ALGORITHM COPY|LOCK (SHARED|EXCLUSIVE)|ENGINE (?!INNODB)", text):
            yield Operation("copy_table", table)
    actions = tree.args.get("actions") or []
    if not actions:
        yield Operation("other" if tree.args.get("options") else "unknown", table)
    for action in actions:
        yield from _action(table, action, is_open=bool(tree.args.get("not_valid")))


def _action(table: str, action: exp.Expression, *, is_open: bool) -> Iterator[Operation]:
    from sqlglot import exp

    match action:
        case exp.ColumnDef():
            yield Operation("add_column", table, action.name.lower(), columns=(column_of(action),))
        case exp.ModifyColumn():
            yield from _modified(table, action)
        case exp.AddConstraint():
            yield from _added(table, action, is_open=is_open)
        case exp.Drop():
            yield _dropped(table, action)
        case exp.AlterColumn():
            yield _altered(table, action)
        case exp.RenameColumn():
            yield Operation("rename_column", table, action.this.name.lower(), action.args["to"].name.lower())
        case exp.AlterRename():
            yield Operation("rename_table", table, detail=name_of(action.this))
        case _:
            yield _rare(table, action)


def _modified(table: str, action: exp.ModifyColumn) -> Iterator[Operation]:
    old, column = action.args.get("rename_from"), column_of(action.this)
    name = old.name.lower() if old is not None else column.name
    if name != column.name:
        yield Operation("rename_column", table, name, column.name)
    yield Operation("modify_column", table, column.name, column.type, (column,))


def _rare(table: str, action: exp.Expression) -> Operation:
    from sqlglot import exp

    match action:
        case exp.DropPrimaryKey():
            return Operation("drop_primary_key", table)
        case exp.AlterSet():
            is_rewrite = re.search(r"logged|tablespace|access", action.sql("postgres"), re.IGNORECASE)
            return Operation("rewrite_table" if is_rewrite else "other", table)
        case exp.RenameIndex() | exp.ForceProperty():
            return Operation("other", table)
    dropped = re.match(rf"drop\s+{_NAME}\s*$", action.sql(), re.IGNORECASE)
    return Operation("drop_column", table, dropped[1].lower()) if dropped else Operation("unknown", table)


def _dropped(table: str, action: exp.Drop) -> Operation:
    name = (action.args.get("tables") or [action.this])[0].name.lower()
    flags = ("cascade",) if action.args.get("cascade") else ()
    kind = str(action.args.get("kind"))
    if kind == "COLUMN":
        return Operation("drop_column", table, name, flags=flags)
    detail = "foreign key" if kind == "FOREIGN KEY" else ""
    return Operation("drop_index" if kind == "INDEX" else "drop_constraint", table, name, detail, flags=flags)


def _altered(table: str, action: exp.AlterColumn) -> Operation:
    name = action.this.name.lower()
    if action.args.get("dtype") is not None:
        flags = ("using",) if action.args.get("using") is not None else ()
        return Operation("alter_type", table, name, type_of(action.args["dtype"]), flags=flags)
    if action.args.get("allow_null") is not None:
        return Operation("drop_not_null" if action.args["allow_null"] else "set_not_null", table, name)
    if action.args.get("default") is not None:
        return Operation("set_default", table, name, default_of(action.args["default"]))
    return Operation("drop_default" if action.args.get("drop") else "other", table, name)


def _added(table: str, action: exp.AddConstraint, *, is_open: bool) -> Iterator[Operation]:
    from sqlglot import exp

    for each in action.expressions:
        name = each.name.lower() if isinstance(each, exp.Constraint) else ""
        for inner in each.expressions if isinstance(each, exp.Constraint) else [each]:
            kind, parts = constraint_of(inner)
            if kind == "index":
                said = str(inner.args.get("kind") or "").upper()
                flags = ("fulltext",) if said in {"FULLTEXT", "SPATIAL"} else ()
                yield Operation("create_index", table, inner.name.lower(), parts=parts, flags=flags)
            elif kind:
                flags = ("not valid",) if is_open else ()
                is_not_null = kind == "check" and _says_not_null(inner.this)
                detail = "check" if not is_not_null else "check not null"
                kind_ = detail if kind == "check" else kind
                yield Operation("add_constraint", table, name, kind_, parts=parts, flags=flags)
            else:
                yield Operation("unknown", table)


def _says_not_null(condition: exp.Expression) -> bool:
    from sqlglot import exp

    inner = condition.unnest()
    if isinstance(inner, exp.Is):
        return bool(inner.args.get("negate"))
    return isinstance(inner, exp.Not) and isinstance(inner.this.unnest(), exp.Is)
