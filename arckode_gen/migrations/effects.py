"""What kind of statement this is, as far as transactions care."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.migrations.sqltext import loud, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_gen.migrations.dialects import Dialect

_DATA = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "SELECT", "WITH", "VALUES"})
_CONTROL = frozenset({"BEGIN", "START", "COMMIT", "ROLLBACK", "END", "ABORT", "SAVEPOINT", "RELEASE"})
_BARRED = frozenset({"VACUUM", "CLUSTER"})
_HOLDERS = frozenset({"EVENT", "FUNCTION", "PACKAGE", "PROCEDURE", "RULE", "TRIGGER"})
_PLAIN = frozenset({"DATABASE", "INDEX", "SCHEMA", "SEQUENCE", "TABLE", "TYPE", "VIEW"})
_HEAD = 8  # CREATE OR REPLACE DEFINER = a @ b AGGREGATE FUNCTION, of which the signs are no words


def is_data(sql: str, dialect: Dialect) -> bool:
    """Tell whether a statement changes rows and not tables, so that it can share a transaction everywhere."""
    return bool(found := words(sql, dialect)) and found[0] in _DATA


def is_session(sql: str, dialect: Dialect) -> bool:
    """Tell whether a statement only changes this connection, so that a resumed run needs it again."""
    return bool(found := words(sql, dialect)) and found[0] in ("SET", "USE", "PRAGMA")


def controls_transaction(sql: str, dialect: Dialect) -> bool:
    """Tell whether a statement begins or ends a transaction behind the runner's back."""
    found = words(sql, dialect)
    return bool(found) and found[0] in _CONTROL and found[:3] != ("BEGIN", "NOT", "ATOMIC")


def follows(sql: str, dialect: Dialect) -> str:
    """Return the second statement of a text that holds several; a `;` in a quote ends none.

    Of what holds statements itself, such as a routine, only the server knows where it ends: nothing follows it.
    """
    if ";" not in sql or _holds_statements(words(sql, dialect)):
        return ""
    from arckode_gen.migrations.splitter import split  # hardly ever needed

    found = split(sql, dialect)
    return found[1].text if len(found) > 1 else ""


def _holds_statements(found: tuple[str, ...]) -> bool:
    made = next((word for word in found[1:_HEAD] if word in _HOLDERS or word in _PLAIN), "")
    return found[:1] == ("CREATE",) and made in _HOLDERS


def refuses_transaction(sql: str, dialect: Dialect) -> bool:
    """Tell whether the server rejects a statement inside a transaction (CREATE INDEX CONCURRENTLY, VACUUM ...)."""
    found = words(sql, dialect)
    if not found:
        return False
    if dialect == "sqlite":
        return found[0] == "VACUUM"
    if dialect != "postgresql":
        return False
    return (
        found[0] in _BARRED
        or found[:2] in (("CREATE", "DATABASE"), ("DROP", "DATABASE"), ("ALTER", "SYSTEM"))
        or (found[0] in ("CREATE", "DROP", "REINDEX", "ALTER") and "CONCURRENTLY" in found[:6])
    )


def uses_own_member(statements: Sequence[str], dialect: Dialect) -> bool:
    """Tell whether a member that one statement adds to an enumeration is named by a later one.

    PostgreSQL takes ALTER TYPE ... ADD VALUE inside a transaction, and refuses the value until that is over.
    """
    if dialect != "postgresql":
        return False
    for at, sql in enumerate(statements):
        found = words(sql, dialect)
        if found[:2] == ("ALTER", "TYPE") and "VALUE" in found and "ADD" in found:
            added = next((token.text for token in loud(sql, dialect) if token.text.startswith("'")), None)
            if any(token.text == added for later in statements[at + 1 :] for token in loud(later, dialect)):
                return True
    return False
