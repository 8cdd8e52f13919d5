"""The indexes, foreign keys, uniques and checks of a model that its table lacks: added where nothing stands against it.

What the engine cannot add to a table that is there, or what rows contradict, is left to a migration and said.
"""

from sqlalchemy import (
    CheckConstraint,
    Connection,
    Constraint,
    Enum,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    func,
    inspect,
    not_,
    select,
)
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.schema import AddConstraint

ADVICE = "`arckode make:migration --auto` writes what is missing"


def add_constraints(connection: Connection, table: Table) -> tuple[list[str], list[str]]:
    """Add what the table lacks; return the names of what was added, and a warning for each that was not."""
    inspector = inspect(connection)
    added: list[str] = []
    warnings: list[str] = []
    for index in sorted(_missing_indexes(inspector, table), key=lambda item: str(item.name)):
        if index.unique and _has_doubles(connection, table, [column.name for column in index.columns]):
            warnings.append(f"the unique index {index.name} was not made: rows of {table.name} are equal; {ADVICE}")
        else:
            index.create(connection)
            added.append(str(index.name))
    for constraint in _missing_constraints(inspector, table):
        what = f"{_kind(constraint)} {_label(table, constraint)}"
        against = _against(connection, table, constraint)
        if against:
            warnings.append(f"the {what} was not added: {against}; {ADVICE}")
        else:
            connection.execute(AddConstraint(constraint))
            added.append(_label(table, constraint))
    return added, warnings


def _missing_indexes(inspector: Inspector, table: Table) -> list[Index]:
    there = {str(index["name"]) for index in inspector.get_indexes(table.name)}
    return [index for index in table.indexes if index.name is not None and str(index.name) not in there]


def _missing_constraints(inspector: Inspector, table: Table) -> list[Constraint]:
    keys = {tuple(key["constrained_columns"]) for key in inspector.get_foreign_keys(table.name)}
    uniques = {frozenset(unique["column_names"]) for unique in inspector.get_unique_constraints(table.name)}
    uniques |= {
        frozenset(str(name) for name in index["column_names"])
        for index in inspector.get_indexes(table.name)
        if index["unique"]
    }
    checks = {str(check["name"]).lower() for check in inspector.get_check_constraints(table.name)}
    missing: list[Constraint] = []
    for constraint in sorted(table.constraints, key=lambda item: _label(table, item)):
        if isinstance(constraint, ForeignKeyConstraint):
            is_there = tuple(constraint.column_keys) in keys
        elif isinstance(constraint, UniqueConstraint):
            is_there = frozenset(column.name for column in constraint.columns) in uniques
        elif isinstance(constraint, CheckConstraint):
            is_there = not _is_made_here(inspector, constraint) or _label(table, constraint).lower() in checks
        else:
            is_there = True
        if not is_there:
            missing.append(constraint)
    return missing


def _is_made_here(inspector: Inspector, check: CheckConstraint) -> bool:
    """Tell whether this engine has the check at all: a native enumeration needs none, and no name, no comparison."""
    if check.name is None:
        return False
    kind = getattr(check, "_type_bound", False) and next((column.type for column in check.columns), None)
    return not (isinstance(kind, Enum) and kind.native_enum and inspector.dialect.supports_native_enum)


def _against(connection: Connection, table: Table, constraint: Constraint) -> str:
    """Say what stands against adding a constraint; nothing when it can be added."""
    if connection.dialect.name == "sqlite":
        return "SQLite adds none to a table that is there"
    if isinstance(constraint, UniqueConstraint):
        doubles = _has_doubles(connection, table, [column.name for column in constraint.columns])
        return f"rows of {table.name} are equal" if doubles else ""
    if isinstance(constraint, ForeignKeyConstraint):
        return f"rows of {table.name} refer to nothing" if _has_orphans(connection, table, constraint) else ""
    if isinstance(constraint, CheckConstraint):
        wrong = select(func.count()).select_from(table).where(not_(constraint.sqltext))
        return f"rows of {table.name} contradict it" if connection.scalar(wrong) else ""
    return ""


def _has_doubles(connection: Connection, table: Table, names: list[str]) -> bool:
    columns = [table.columns[name] for name in names]
    filled = [column.is_not(None) for column in columns]
    groups = select(*columns).where(*filled).group_by(*columns).having(func.count() > 1).limit(1)
    return connection.execute(groups).first() is not None


def _has_orphans(connection: Connection, table: Table, key: ForeignKeyConstraint) -> bool:
    parent = key.referred_table.alias("parent")
    pairs = [(table.columns[element.parent.name], parent.columns[element.column.name]) for element in key.elements]
    found = select(1).where(*(there == here for here, there in pairs)).exists()
    lost = select(func.count()).select_from(table).where(*(here.is_not(None) for here, _ in pairs), ~found)
    return bool(connection.scalar(lost))


def _kind(constraint: Constraint) -> str:
    if isinstance(constraint, ForeignKeyConstraint):
        return "foreign key"
    return "check" if isinstance(constraint, CheckConstraint) else "unique constraint"


def _label(table: Table, constraint: Constraint) -> str:
    """Return the constraint's name, or the columns of one that has none."""
    if constraint.name is not None:
        return str(constraint.name)
    columns = getattr(constraint, "columns", ())
    return f"on {table.name}({', '.join(column.name for column in columns)})"
