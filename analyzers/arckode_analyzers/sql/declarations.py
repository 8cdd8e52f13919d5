"""What a tree of sqlglot's declares: columns, constraints and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arckode_analyzers.sql.operations import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot import exp

_VOLATILE = re.compile(
    r"\b(random|gen_random_uuid|uuid\w*|clock_timestamp|timeofday|nextval|newid|rand)\s*\(", re.IGNORECASE
)


def plain(member: exp.Expression) -> str:
    """Return the column an index member is, or nothing when it is an expression."""
    from sqlglot import exp

    inner = member.this if isinstance(member, exp.Ordered) else member
    return inner.name.lower() if isinstance(inner, exp.Column | exp.Identifier) else ""


def declared(schema: exp.Schema) -> tuple[Column, ...]:
    from sqlglot import exp

    columns = {column.name: column for column in map(column_of, schema.find_all(exp.ColumnDef))}
    for each in schema.expressions:
        inner = each.expressions if isinstance(each, exp.Constraint) else [each]
        for constraint in inner:
            kind, names = constraint_of(constraint)
            for name in names:
                if kind == "primary key" and name in columns:
                    columns[name] = columns[name]._replace(primary=True, nullable=False)
                if kind == "unique" and len(names) == 1 and name in columns:
                    columns[name] = columns[name]._replace(unique=True)
    return tuple(columns.values())


def type_of(kind: exp.Expression | None) -> str:
    """Return a type in the words by which types are compared; the members of an enumeration stay as they are."""
    if kind is None:
        return ""
    parts = re.split(r"('(?:[^']|'')*')", kind.sql("postgres"))
    return "".join(part if part.startswith("'") else part.upper() for part in parts)


def column_of(definition: exp.ColumnDef) -> Column:
    constraints = definition.args.get("constraints") or []
    kinds = [each.args.get("kind") for each in constraints]
    kind = definition.args.get("kind")
    column = Column(definition.name.lower(), type_of(kind), written=_written(kind, constraints))
    if column.type in {"SERIAL", "BIGSERIAL", "SMALLSERIAL"}:
        column = column._replace(generated="serial", nullable=False)
    for kind in kinds:
        column = _limited(column, kind)
    return column


def _written(kind: exp.Expression | None, constraints: Sequence[exp.Expression]) -> str:
    """Return what MODIFY COLUMN has to say again, or it is lost."""
    from sqlglot import exp

    if kind is None or kind.this == exp.DataType.Type.FLOAT:
        return ""  # sqlglot takes REAL for it, which is twice as wide there
    kept = (exp.CharacterSetColumnConstraint, exp.CollateColumnConstraint, exp.CommentColumnConstraint)
    said = [each for each in constraints if isinstance(each.args.get("kind"), kept)]
    return " ".join(each.sql("mysql") for each in (kind, *said))


def _limited(column: Column, kind: exp.Expression | None) -> Column:
    from sqlglot import exp

    match kind:
        case exp.NotNullColumnConstraint():
            return column._replace(nullable=bool(kind.args.get("allow_null")))
        case exp.PrimaryKeyColumnConstraint():
            return column._replace(primary=True, nullable=False)
        case exp.UniqueColumnConstraint():
            return column._replace(unique=True)
        case exp.DefaultColumnConstraint():
            return column._replace(default=default_of(kind.this))
        case exp.Reference():
            return column._replace(references=name_of(kind.this))
    return column._replace(generated=_generated(kind) or column.generated)


def _generated(kind: exp.Expression | None) -> str:
    from sqlglot import exp

    match kind:
        case exp.ComputedColumnConstraint():
            return "virtual" if kind.args.get("persisted") is False else "stored"
        case exp.GeneratedAsIdentityColumnConstraint():
            return "stored" if kind.args.get("expression") else "identity"
        case exp.AutoIncrementColumnConstraint():
            return "identity"
    return ""


def default_of(value: exp.Expression) -> str:
    from sqlglot import exp

    text = value.sql("postgres")
    if isinstance(value, exp.Null) or text.upper() == "NULL":
        return ""
    return "volatile" if _VOLATILE.search(text) or isinstance(value, exp.Rand) else "constant"


def constraint_of(each: exp.Expression) -> tuple[str, tuple[str, ...]]:
    from sqlglot import exp

    match each:
        case exp.ForeignKey():
            return "foreign key", tuple(part.name.lower() for part in each.expressions)
        case exp.PrimaryKey():
            return "primary key", tuple(plain(part) for part in each.expressions)
        case exp.UniqueColumnConstraint():
            inner = each.this
            return "unique", tuple(plain(part) for part in inner.expressions) if inner is not None else ()
        case exp.CheckColumnConstraint():
            return "check", tuple(sorted({column.name.lower() for column in each.find_all(exp.Column)}))
    kind = type(each).__name__
    if kind == "IndexColumnConstraint":
        return "index", tuple(plain(part) for part in each.expressions)
    return ("exclude" if "exclude" in kind.lower() else ""), ()


def name_of(table: exp.Expression | None) -> str:
    from sqlglot import exp

    found = table.find(exp.Table) if table is not None and not isinstance(table, exp.Table) else table
    return found.name.lower() if found is not None else ""
