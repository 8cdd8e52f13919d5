"""`db:migrate` with nothing to do, which is what it mostly has to do: hashes, one query, and nothing else loaded.

Everything that is not exactly as it was applied, and every word, configuration and error, is left to the command
proper. This module loads nothing but the driver that Python has not loaded already.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_QUERY = "SELECT id, file_hash, status FROM _arckode_migrations ORDER BY entry"
_GONE = frozenset({"rolled_back", "forgotten"})


def answer(words: Sequence[str], environ: Mapping[str, str], cwd: str) -> tuple[str, str] | None:
    """Return what `db:migrate` prints, and what it says beside it; None when there may be something to do."""
    root = _root(cwd)
    if list(words) != ["db:migrate"] or not root or _is_interrupted(root) or _configures(root):
        return None
    said = _said_about_interpreter(root, environ)
    package = _package(root)
    url = environ.get("DATABASE_URL") or _written(root, environ, package)
    known = _ask(url, root) if said is not None and url else None
    if known is None or known[0] != _hashes(f"{root}/src/{package}/migrations"):
        return None
    count = len(known[0])
    noun = "migration" if count == 1 else "migrations"
    return f"nothing to do: {count} {noun} applied on {known[1]}", said or ""


def _root(cwd: str) -> str:
    folder = cwd
    while not os.path.isfile(f"{folder}/.arckode/project.json"):  # noqa: PTH113  # as everywhere here: `pathlib` costs more
        folder, last = os.path.dirname(folder), folder  # noqa: PTH120
        if folder == last:
            return ""
    return folder


def _is_interrupted(root: str) -> bool:
    """Tell whether a command that writes files was killed; the command proper finishes or takes it back."""
    folder = f"{root}/.arckode/history"
    try:
        names = sorted(os.listdir(folder), key=_number)  # noqa: PTH208
    except OSError:
        return False
    return any(_state(f"{folder}/{name}") != "applied" for name in names[-1:])


def _number(name: str) -> int:
    digits = name.partition("-")[0]
    return int(digits) if digits.isdecimal() else -1


def _state(entry: str) -> str:
    return _read(f"{entry}/state").decode("utf-8", "replace").strip()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""


def _configures(root: str) -> bool:
    return b"tool.arckode" in _read(f"{root}/pyproject.toml") and b"migrations" in _read(f"{root}/pyproject.toml")


def _package(root: str) -> str:
    _, found, rest = _read(f"{root}/.arckode/project.json").partition(b'"package": "')
    return rest.partition(b'"')[0].decode("utf-8", "replace") if found else ""


def _said_about_interpreter(root: str, environ: Mapping[str, str]) -> str | None:
    """Return the warning that goes with the interpreter; None when another one has to be started."""
    for folder in (environ.get("VIRTUAL_ENV", ""), f"{root}/.venv"):
        if folder and os.path.isfile(f"{folder}/bin/python"):  # noqa: PTH113
            same = os.path.realpath(folder) == os.path.realpath(sys.prefix)
            return "" if same and os.path.isfile(f"{folder}/pyvenv.cfg") else None  # noqa: PTH113
    return guessed(root)


def guessed(root: object) -> str:
    """Say that no interpreter of the project's was found."""
    return f"no .venv in {root} and no VIRTUAL_ENV: using arckode's own interpreter, {sys.executable}"


def _written(root: str, environ: Mapping[str, str], package: str) -> str:
    """Return the URL that `.env` holds, or the one that goes without saying."""
    names = {name.upper(): value for name, value in environ.items()}
    file = _read(f"{root}/.env")
    if file:
        from arckode_gen.migrations import dotenv

        try:
            found = dotenv.parse(file.decode("utf-8-sig"), environ)
        except UnicodeDecodeError:
            return ""
        names = {name.upper(): value for name, value in found.items()} | names
    if "DATABASE_URL" in names:
        return names["DATABASE_URL"]
    is_elsewhere = names.get("ENVIRONMENT") == "production" or names.get("DB_HOST")
    return "" if is_elsewhere or not package else f"sqlite:///./{package}.db"


def _hashes(folder: str) -> dict[str, str] | None:
    """Return the hash of every migration; None when a name is not as it should be."""
    from hashlib import sha256

    found: dict[str, str] = {}
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return None
    for file in names:
        stem, _, ending = file.rpartition(".")
        if ending not in {"py", "sql"} or file.startswith(("_", ".")):
            continue
        if stem in found or not stem[:4].isdecimal() or "_" not in stem or not stem.isascii():
            return None
        found[stem] = sha256(_read(f"{folder}/{file}")).hexdigest()
    return found


def _ask(url: str, root: str) -> tuple[dict[str, str], str] | None:
    scheme, mark, path = url.partition(":///")
    if mark and scheme.partition("+")[0] == "sqlite":
        return None if set(path) & set("?#%") or path in {"", ":memory:"} else _ask_sqlite(root, path)
    return _ask_server(url, root)


def _ask_sqlite(root: str, path: str) -> tuple[dict[str, str], str] | None:
    import sqlite3

    file = os.path.join(root, path)  # noqa: PTH118
    try:
        connection = sqlite3.connect(f"file:{os.path.abspath(file)}?mode=ro", uri=True, timeout=10)  # noqa: PTH100
        try:
            rows = connection.execute(_QUERY).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return None
    known = _applied(rows)
    return None if known is None else (known, f"sqlite {path}")


def _ask_server(url: str, root: str) -> tuple[dict[str, str], str] | None:
    import asyncio
    from pathlib import Path

    from arckode_gen.errors import ArckodeError
    from arckode_gen.migrations.connection import Failure, connect
    from arckode_gen.migrations.url import parse

    async def ask() -> list[dict[str, object]]:
        connection = await connect(parse(url), Path(root), "arckode db:migrate", read_only=True)
        try:
            return await connection.fetch(_QUERY)
        finally:
            await connection.close()

    try:
        rows = asyncio.run(ask())
    except (ArckodeError, Failure):
        return None
    known = _applied([tuple(str(row[name]) for name in ("id", "file_hash", "status")) for row in rows])
    return None if known is None else (known, parse(url).shown)


def _applied(rows: Sequence[tuple[str, ...]]) -> dict[str, str] | None:
    """Return the hash that every applied migration had; None when one is in no settled state."""
    last = {row[0]: row for row in rows}
    known = {name: row for name, row in last.items() if row[2] not in _GONE}
    if any(row[2] != "applied" for row in known.values()):
        return None
    return {name: row[1] for name, row in known.items()}
