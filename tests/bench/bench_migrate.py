"""How far `db:migrate` is from the raw driver: a run with nothing to do, and 200 files. Prints ratios, asserts nothing.

Run it with `python -m tests.bench.bench_migrate [rounds] [--peers] [--engine NAME]`; servers come from
ARCKODE_TEST_POSTGRES and ARCKODE_TEST_MARIADB, or the defaults on 127.0.0.1; one that does not answer is left out. With
`--peers` Alembic, Django and yoyo run in the same rounds, from an environment that is made for them and removed at the
end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arckode_gen.migrations.connection import connect
from arckode_gen.migrations.url import parse
from tests.bench import peers

NAME = f"arckode_bench_{os.getpid()}"
SERVERS = {
    "sqlite": "sqlite:///./bench.db",
    "postgresql": os.environ.get("ARCKODE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("ARCKODE_TEST_MARIADB", "mariadb://root@127.0.0.1:3306/mysql"),
}
RAW = """
import json, sys
statements, noop = json.load(open(sys.argv[1])), sys.argv[3] == "noop"
{driver}
"""
DRIVERS = {
    "sqlite": """
import sqlite3
c = sqlite3.connect(sys.argv[2], isolation_level=None)
if noop:
    c.execute("SELECT id FROM control").fetchall()
else:
    c.execute("CREATE TABLE control (id TEXT)")
    for n, s in enumerate(statements):
        c.execute("BEGIN IMMEDIATE"); c.execute(s)
        c.execute("INSERT INTO control VALUES (?)", (str(n),)); c.execute("COMMIT")
""",
    "postgresql": """
import asyncio, asyncpg
async def main():
    c = await asyncpg.connect(sys.argv[2], statement_cache_size=0)
    if noop:
        await c.fetch("SELECT id FROM control")
    else:
        await c.execute("CREATE TABLE control (id TEXT)")
        for n, s in enumerate(statements):
            await c.execute("BEGIN"); await c.execute(s)
            await c.execute("INSERT INTO control VALUES ($1)", str(n)); await c.execute("COMMIT")
    await c.close()
asyncio.run(main())
""",
    "mariadb": """
import asyncio, aiomysql
from urllib.parse import urlsplit
async def main():
    u = urlsplit(sys.argv[2])
    who = {"host": u.hostname, "port": u.port, "user": u.username, "password": u.password or ""}
    c = await aiomysql.connect(db=u.path[1:], autocommit=True, **who)
    k = await c.cursor()
    if noop:
        await k.execute("SELECT id FROM control")
    else:
        await k.execute("CREATE TABLE control (id TEXT)")
        for n, s in enumerate(statements):
            await k.execute(s); await k.execute("INSERT INTO control VALUES (%s)", (str(n),))
    c.close()
asyncio.run(main())
""",
}


def _statements() -> list[str]:
    """100 tables, 60 columns and 40 indexes."""
    tables = [f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, name VARCHAR(50))" for n in range(100)]
    columns = [f"ALTER TABLE t{n} ADD COLUMN note VARCHAR(20)" for n in range(60)]
    return tables + columns + [f"CREATE INDEX ix{n} ON t{n} (name)" for n in range(40)]


def _project(root: Path) -> None:
    folder = root / "src/shop/migrations"
    folder.mkdir(parents=True)
    (root / ".arckode").mkdir()
    manifest = {"arckode": "0", "format": 1, "name": "shop", "package": "shop", "options": {}}
    (root / ".arckode/project.json").write_text(json.dumps(manifest))
    for number, statement in enumerate(_statements(), 1):
        (folder / f"20261122{number:04}_step.py").write_text(f'UP = {{"*": [{statement!r}]}}\nDOWN = {{"*": []}}\n')


def _fresh(engine: str, root: Path) -> str:
    if engine == "sqlite":
        for file in root.rglob("bench.db"):
            file.unlink()
        return SERVERS[engine]
    _execute(SERVERS[engine], f"DROP DATABASE IF EXISTS {NAME}", f"CREATE DATABASE {NAME}")
    return f"{SERVERS[engine].rpartition('/')[0]}/{NAME}"


def _execute(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await connect(parse(url), Path(), "the bench")
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def _timed(command: list[str], root: Path, url: str) -> tuple[float, float]:
    """Return how long a program took, by the clock and of the processor, in milliseconds."""
    environ = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    for name in ("VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
        environ.pop(name, None)  # what is installed has its bytecode
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - started
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, cpu * 1000


def _measure(engine: str, root: Path, rounds: int, python: str) -> None:
    (root / "raw.py").write_text(RAW.format(driver=DRIVERS[engine]))
    (root / "statements.json").write_text(json.dumps(_statements()))
    times: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for number in range(rounds + 1):
        for who in ("raw", "ours", *(peer.name for peer in peers.PEERS if python)):
            url = _fresh(engine, root)
            for what in ("apply", "no-op", "no-op", "no-op"):
                taken = _once(who, what, engine, root, url, python)
                if number:  # the first round writes the bytecode of all of them
                    times.setdefault((what, who), []).append(taken)
    middle = {key: tuple(map(statistics.median, zip(*values, strict=True))) for key, values in times.items()}
    for (what, who), (wall, cpu) in middle.items():
        raw_wall, raw_cpu = middle[what, "raw"]
        print(
            f"{engine:<11} {what:<6} {who:<8} {wall:6.0f} ms {wall / raw_wall:6.2f}x   "
            f"of the processor {cpu:6.0f} ms {cpu / raw_cpu:6.2f}x",
            flush=True,
        )


def _once(who: str, what: str, engine: str, root: Path, url: str, python: str) -> tuple[float, float]:
    peer = next((peer for peer in peers.PEERS if peer.name == who), None)
    if peer is None:
        return _timed(_own(who, what, engine, url), root, url)
    return _timed(peers.command(peer, url, python), _peer_root(peer, root, url), peer.scheme(url))


def _own(who: str, what: str, engine: str, url: str) -> list[str]:
    if who == "ours":
        return [sys.executable, "-m", "arckode_gen", "db:migrate"]
    target = "bench.db" if engine == "sqlite" else url
    return [sys.executable, "raw.py", "statements.json", target, "noop" if what == "no-op" else what]


def _peer_root(peer: peers.Peer, root: Path, url: str) -> Path:
    """Write the tool's project beside ours, once for a database; SQLite's file is in it."""
    folder = root / peer.name
    if not folder.exists():
        folder.mkdir()
        peer.write(folder, _statements(), url)
    return folder


def main(rounds: int, *, with_peers: bool, engines: list[str]) -> None:
    """Measure every engine that is named and answers."""
    with tempfile.TemporaryDirectory() as folder:
        python = peers.environment(Path(folder)) if with_peers else ""
        _engines(rounds, python, engines)


def _engines(rounds: int, python: str, engines: list[str]) -> None:
    for engine, server in ((name, SERVERS[name]) for name in engines):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            _project(root)
            try:
                _measure(engine, root, rounds, python)
            except Exception as error:  # noqa: BLE001 - a server that is not there is no reason to stop
                print(f"{engine:<11} left out: {error}{getattr(error, 'stderr', '') or ''}")
            finally:
                if engine != "sqlite":
                    _execute(server, f"DROP DATABASE IF EXISTS {NAME}")


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=3)
    words.add_argument("--peers", action="store_true")
    words.add_argument("--engine", action="append", choices=SERVERS, help="only this one; may be given again")
    given = words.parse_args()
    main(given.rounds, with_peers=given.peers, engines=given.engine or [*SERVERS])
