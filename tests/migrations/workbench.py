"""A small project on a real database, and the commands as the command line calls them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast

from arckode_gen.commands import db_baseline, db_diff, db_migrate, db_repair, db_safe, db_seed, db_status
from arckode_gen.engine.spec import Call
from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.url import parse

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_gen.engine.spec import CommandSpec, Value
    from arckode_gen.migrations.connection import Row
    from arckode_gen.migrations.dialects import Dialect

ORDERS = """UP = {"*": ["CREATE TABLE orders (id INTEGER PRIMARY KEY, name VARCHAR(40))"]}
DOWN = {"*": ["DROP TABLE orders"]}
"""
LINES = """UP = {"*": ["CREATE TABLE order_lines (id INTEGER PRIMARY KEY)",
            "CREATE INDEX ix_lines ON order_lines (id)"]}
DOWN = {"*": ["DROP TABLE order_lines"]}
"""
FILL = '''async def up(db):
    """Fill in."""
    await db.execute("INSERT INTO orders (id, name) VALUES (?, ?)", 1, "first 100%")


async def down(db):
    await db.execute("DELETE FROM orders")
'''


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int = -1
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.out)

    @property
    def document(self) -> dict[str, object]:
        return cast("dict[str, object]", json.loads(self.text))


class Command(Protocol):
    """The shape of every module in `commands/`."""

    @property
    def SPEC(self) -> CommandSpec: ...  # noqa: N802 - a module's constant

    def run(self, call: Call) -> int: ...


class Workbench:
    """A project folder bound to one database; `unsafe` is why what a test writes is applied whatever the lint says."""

    unsafe: str | None = "the test wants it applied"

    def __init__(self, root: Path, url: str, dialect: Dialect) -> None:
        self.root = root
        self.url = url
        self.dialect: Dialect = dialect
        self.folder = root / "src/shop/migrations"
        self.folder.mkdir(parents=True)
        (root / ".arckode").mkdir()
        document = {"arckode": "0.1.0", "format": 1, "name": "shop", "package": "shop", "options": {}}
        (root / ".arckode/project.json").write_text(json.dumps(document))

    @property
    def transactional(self) -> bool:
        return self.dialect in ("sqlite", "postgresql")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / (name if name.endswith(".sql") else f"{name}.py")
        path.write_text(text)
        return path

    def usual(self) -> None:
        """Write the three files that most tests begin with."""
        self.write("202611220001_create_orders", ORDERS)
        self.write("202611220002_create_lines", LINES)
        self.write("202611220003_fill_orders", FILL)

    def migrate(self, **values: Value) -> Said:
        applies = not any(values.get(word) for word in ("rollback", "sql", "dry_run", "verify_down"))
        return self.run(db_migrate, ({"unsafe": self.unsafe} if applies else {}) | values)

    def safe(self, **values: Value) -> Said:
        return self.run(db_safe, values)

    def status(self, **values: Value) -> Said:
        return self.run(db_status, values)

    def baseline(self, **values: Value) -> Said:
        return self.run(db_baseline, values)

    def diff(self, **values: Value) -> Said:
        return self.run(db_diff, values)

    def repair(self, **values: Value) -> Said:
        return self.run(db_repair, values)

    def seed(self, **values: Value) -> Said:
        return self.run(db_seed, values)

    def run(self, command: Command, values: dict[str, Value]) -> Said:
        said = Said()
        environ = {**os.environ, "DATABASE_URL": self.url}
        environ.pop("VIRTUAL_ENV", None)
        as_json = values.pop("json", False) is True
        call = Call(command.SPEC, self.root, values, said.out.append, said.err.append, json=as_json, environ=environ)
        said.code = command.run(call)
        return said

    def states(self) -> dict[str, str]:
        """Return the state of every migration, as `db:status --json` tells it."""
        listed = cast("list[dict[str, str]]", self.status(json=True).document["migrations"])
        return {item["name"][:12]: item["state"] for item in listed}

    def fetch(self, sql: str) -> list[Row]:
        async def ask() -> list[Row]:
            connection = await connect(parse(self.url), self.root, "a test")
            try:
                return await connection.fetch(sql)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def execute(self, *statements: str) -> None:
        """Run statements in one session."""

        async def run() -> None:
            connection = await connect(parse(self.url), self.root, "a test")
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())

    def rows(self) -> list[Row]:
        """Return the control table."""
        return self.fetch("SELECT * FROM _arckode_migrations ORDER BY entry")

    def tables(self) -> set[str]:
        queries = {
            "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            "postgresql": "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
        }
        mysql = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()"
        return {str(row["name"]) for row in self.fetch(queries.get(self.dialect, mysql))} - {"_arckode_migrations"}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the command in a process of its own."""
        environ = {**os.environ, "DATABASE_URL": self.url}
        environ.pop("VIRTUAL_ENV", None)
        return subprocess.Popen(
            [sys.executable, "-m", "arckode_gen", "db:migrate", *words],
            cwd=self.root,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
