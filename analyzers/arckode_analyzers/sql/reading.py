"""Reads SQL statements with sqlglot; what it cannot read becomes an operation of kind `unknown`, never a guess.

sqlglot is imported when the first statement that is not known yet is read: never on a warm run.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from arckode_analyzers.sql.operations import Operation, pack, unpack
from arckode_analyzers.sql.trees import operations

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from sqlglot import exp

_ANY_CASE = re.IGNORECASE
DIALECTS = {"postgresql": "postgres", "mariadb": "mysql", "mysql": "mysql", "sqlite": "sqlite", "*": "postgres"}
_NAME = r"[\"`\[]?(?:\w+[\"`\]]?\.[\"`\[]?)?(\w+)[\"`\]]?"
_TIMEOUT = re.compile(
    r"\s*set\s+(?:local\s+|session\s+)?(lock_timeout|statement_timeout)\s*(?:=|to)\s*'?(\w+)", _ANY_CASE
)
_TABLE = rf"alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?{_NAME}"
# What sqlglot hands back unread, by the words it begins with; the first group is the table, the second a name.
_UNREAD: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, _ANY_CASE | re.DOTALL))
    for kind, pattern in (
        ("validate", rf"{_TABLE}\s+validate\s+constraint\s+{_NAME}"),
        ("other", rf"{_TABLE}\s+add\s+.*\busing\s+index\b"),
        ("exclude", rf"{_TABLE}\s+add\s+(?:constraint\s+{_NAME}\s+)?exclude\b"),
        ("check_later", rf"{_TABLE}\s+add\s+(?:constraint\s+{_NAME}\s+)?check\b.*\bnot\s+valid\s*$"),
        ("check", rf"{_TABLE}\s+add\s+(?:constraint\s+{_NAME}\s+)?check\b"),
        ("other", rf"{_TABLE}\s+alter\s+(?:column\s+)?{_NAME}\s+set\s+(?:statistics|storage|compression|\()"),
        ("other", rf"{_TABLE}\s+(?:set\s+without\s+cluster|cluster\s+on)\b"),
        (
            "identity",
            rf"{_TABLE}\s+alter\s+(?:column\s+)?{_NAME}\s+(?:add\s+generated|drop\s+identity|set\s+generated)",
        ),
        ("other", rf"{_TABLE}\s+rename\s+constraint\b"),
        ("other", rf"{_TABLE}\s+attach\s+partition\b"),
        ("detach_concurrently", rf"{_TABLE}\s+detach\s+partition\s+{_NAME}\s+(?:concurrently|finalize)\b"),
        ("detach_partition", rf"{_TABLE}\s+detach\s+partition\s+{_NAME}"),
        ("trigger_off", rf"{_TABLE}\s+disable\s+trigger\s+{_NAME}"),
        ("move_table", rf"{_TABLE}\s+set\s+schema\s+{_NAME}"),
        ("convert_charset", rf"{_TABLE}\s+convert\s+to\b"),
        ("copy_table", rf"{_TABLE}\s+partition\s+by\b"),
        ("rewrite_table", rf"{_TABLE}\s+set\s+(?:(?:un)?logged|tablespace|access\s+method)\b"),
        ("rename_table", rf"rename\s+table\s+{_NAME}\s+to\s+{_NAME}\s*$"),
        (
            "other",
            rf"{_TABLE}\s+(?:owner\s+to|enable|disable|replica|set\s*\(|reset\s*\(|comment|inherit|no\s+inherit)",
        ),
        ("rename_schema", rf"alter\s+schema\s+{_NAME}\s+rename\b"),
        ("check_domain_later", rf"alter\s+domain\s+{_NAME}\s+add\b.*\bnot\s+valid\b"),
        ("check_domain", rf"alter\s+domain\s+{_NAME}\s+(?:add\b|set\s+not\s+null)"),
        ("vacuum", rf"vacuum\s+(?:\(\s*full\b[^)]*\)|full)\s*{_NAME}"),
        ("vacuum", rf"cluster\s+(?:verbose\s+)?{_NAME}"),
        ("lock_table", rf"lock\s+(?:tables?\s+)?{_NAME}"),
        ("reindex", rf"reindex\s+(?:\([^)]*\)\s*)?(?:table|index|schema|database)\s+(?!concurrently){_NAME}"),
        ("refresh_view", rf"refresh\s+materialized\s+view\s+(?!concurrently){_NAME}"),
        ("rename_object", rf"alter\s+(?:type|domain)\s+{_NAME}\s+rename\s+to\s+{_NAME}"),
        ("create_domain", rf"create\s+domain\s+{_NAME}"),
        ("drop_domain", rf"drop\s+domain\s+(?:if\s+exists\s+)?{_NAME}"),
        ("rename_enum_value", rf"alter\s+type\s+{_NAME}\s+rename\s+value\b"),
        ("create_fulltext", rf"create\s+(?:fulltext|spatial)\s+index\s+{_NAME}\s+on\s+{_NAME}"),
        ("insert", rf"replace\s+(?:into\s+)?{_NAME}"),
        ("other", r"(?:optimize|analyze|repair|check)\s+table\b"),
    )
)
_KEYS = re.compile(
    r"\s*(?:pragma\s+foreign_keys|set\s+(?:session\s+|@@)?foreign_key_checks)\s*=\s*(off|on|0|1|false|true)\b",
    _ANY_CASE,
)
_TRANSACTION = re.compile(
    r"\s*(begin|start\s+transaction|commit|rollback|savepoint|end)\b(?!\s+(?:atomic|not))", _ANY_CASE
)
_WITHOUT_ROWID = re.compile(r"\)\s*without\s+rowid\b", _ANY_CASE)
_SWITCHED_OFF = frozenset({"off", "0", "false"})
_ADD_VALUE = re.compile(rf"alter\s+type\s+{_NAME}\s+add\s+value\s+(?:if\s+not\s+exists\s+)?'([^']*)'", _ANY_CASE)
_NOT_OF_TABLES = re.compile(
    r"\s*(create\s+(or\s+replace\s+)?(function|procedure|trigger|extension|type|sequence|schema|domain|role|policy|view|"
    r"materialized|rule|aggregate|collation|event|constraint\s+trigger)|"
    r"alter\s+(type|sequence|function|index|schema|role|extension|view|domain|default|policy|system|database)|"
    r"drop\s+(function|procedure|trigger|extension|sequence|view|materialized|domain|role|policy|rule|aggregate)|"
    r"comment|grant|revoke|analyze|vacuum|reindex|refresh|set|reset|pragma|show|select|notify|explain)\b",
    _ANY_CASE,
)


class Reader:
    """Reads each statement once; `known` is what earlier runs read, `learnt` says that there is more now."""

    def __init__(self, known: MutableMapping[str, tuple[tuple[object, ...], ...]] | None = None) -> None:
        self.known = {} if known is None else known
        self.used: dict[str, tuple[tuple[object, ...], ...]] = {}
        self._is_quiet = False

    @property
    def learnt(self) -> bool:
        return self.used.keys() != self.known.keys()

    def read(self, text: str, dialect: str) -> tuple[Operation, ...]:
        """Return what a statement does on an engine; `*` is read as the standard that most engines share."""
        key = f"{DIALECTS[dialect]}\n{text}"
        packed = self.used.get(key) or self.known.get(key)
        if packed is None:
            packed = pack(tuple(self._operations(text, DIALECTS[dialect])))
        self.used[key] = packed
        return unpack(packed)

    def _operations(self, text: str, dialect: str) -> Iterator[Operation]:
        bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL).strip().rstrip(";").strip()
        timeout = _TIMEOUT.match(bare)
        if timeout is not None:
            yield Operation("set_timeout", name=timeout[1].lower(), detail=timeout[2].lower())
            return
        keys = _KEYS.match(bare)
        if keys is not None:
            yield Operation("keys_off" if keys[1].lower() in _SWITCHED_OFF else "keys_on")
            return
        words = _TRANSACTION.match(bare)
        if words is not None:
            yield Operation("transaction", detail=" ".join(words[1].upper().split()))
            return
        try:
            trees = self._parsed(text, dialect)
        except Exception:  # noqa: BLE001  # sqlglot raises more than it documents; unread is unknown
            trees = []
        if not trees or any(type(tree).__name__ in {"Command", "Block"} for tree in trees):
            yield _unread(bare)
            return
        try:
            yield from [operation for tree in trees for operation in operations(tree)]
        except (AttributeError, LookupError, TypeError):  # a statement that ends too early becomes a tree with holes
            yield _unread(bare)

    def _parsed(self, text: str, dialect: str) -> list[exp.Expression]:
        import sqlglot
        from sqlglot import exp

        if not self._is_quiet:
            logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
            self._is_quiet = True
        if dialect == "sqlite":
            text = _WITHOUT_ROWID.sub(")", text)
        return [tree for tree in sqlglot.parse(text, dialect=dialect) if isinstance(tree, exp.Expression)]


def _unread(text: str) -> Operation:
    added = _ADD_VALUE.match(text)
    if added is not None:
        return Operation("add_enum_value", name=added[1].lower(), detail=added[2])
    for kind, pattern in _UNREAD:
        match = pattern.match(text)
        if match is not None:
            groups = [(group or "").lower() for group in match.groups()]
            return _by_words(kind, *[*groups, "", ""][:2])
    if _NOT_OF_TABLES.match(text):
        return Operation("other")
    named = re.match(
        rf"(?:alter|drop|create)\s+table\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?{_NAME}", text, _ANY_CASE
    )
    return Operation("unknown", named[1].lower() if named else "")


def _by_words(kind: str, table: str, name: str) -> Operation:
    match kind:
        case "exclude":
            return Operation("add_constraint", table, name, "exclude")
        case "check" | "check_later":
            return Operation("add_constraint", table, name, "check", flags=("not valid",) if "later" in kind else ())
        case "identity":
            return Operation("other", table, name)
        case "detach_concurrently" | "check_domain_later":
            return Operation("other")
        case "create_fulltext":
            return Operation("create_index", name, table, flags=("fulltext",))
        case "rename_table":
            return Operation(kind, table, detail=name)
        case "rename_object":
            return Operation(kind, "", table, name)
        case "create_domain" | "drop_domain":
            return Operation(kind.replace("domain", "object"), "", table, "DOMAIN")
        case "check_domain" | "rename_schema":
            return Operation(kind, "", table)
    return Operation(kind, table, name)
