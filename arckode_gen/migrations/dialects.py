"""The databases a migration can be written for, and which key of an `UP` dict serves which of them."""

from __future__ import annotations

from typing import Literal, get_args

Dialect = Literal["sqlite", "postgresql", "mysql", "mariadb"]
Family = Literal["sqlite", "postgresql", "mysql"]

DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
ANY = "*"
KEYS: tuple[str, ...] = (ANY, *DIALECTS)


def family(dialect: Dialect) -> Family:
    """Return the dialect whose grammar and driver serve `dialect`: MariaDB speaks MySQL's."""
    return "mysql" if dialect == "mariadb" else dialect


def keys_for(dialect: Dialect) -> tuple[str, ...]:
    """Return the keys of an `UP` dict that apply, most exact first."""
    return tuple(dict.fromkeys((dialect, family(dialect), ANY)))
