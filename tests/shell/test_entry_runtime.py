"""What the programs say that run in a project's own interpreter: each reason in words, with what to do about it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError, ProgrammingError

from arckode_gen import shell
from arckode_gen.shell import entry_runtime as runtime

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(shell.__file__).parent
MIGRATE = "make it first: `arckode db:migrate`"


class CannotConnectError(ConnectionError):
    """What the kernel of a project calls it."""


class WiringError(RuntimeError):
    """The same."""


class UnavailableError(Exception):
    """The same."""


def _adapted() -> BaseException:
    """Return what SQLAlchemy makes of asyncpg's error: one of its own between the two."""
    adapted = RuntimeError('<class "asyncpg...">: relation "event_letters" does not exist')
    adapted.sqlstate = "42P01"  # type: ignore[attr-defined]
    adapted.__cause__ = RuntimeError('relation "event_letters" does not exist')
    return ProgrammingError("SELECT 1", None, adapted)


def _wrapped() -> BaseException:
    """Return an error of the application that a missing table led to."""
    error = RuntimeError("the orders fail at 3")
    error.__cause__ = OperationalError("SELECT 1", None, sqlite3.OperationalError("no such table: orders"))
    return error


MISSING: dict[str, tuple[Callable[[], BaseException], str]] = {
    "postgresql": (_adapted, 'relation "event_letters" does not exist'),
    "mariadb": (
        lambda: ProgrammingError("SELECT 1", None, RuntimeError(1146, "Table 'a.b' doesn't exist")),
        "Table 'a.b' doesn't exist",
    ),
    "sqlite, further in": (_wrapped, "no such table: orders"),
}


@pytest.mark.parametrize(("made", "said"), MISSING.values(), ids=MISSING)
def test_a_table_that_is_not_there_is_named_as_the_database_names_it(
    made: Callable[[], BaseException], said: str
) -> None:
    told = runtime.unusable(made(), "a table of the event bus is not there")
    assert told == runtime.told("RefusedError", f"a table of the event bus is not there: {said}", MIGRATE)


def test_settings_and_packages_are_told_before_anything_else() -> None:
    class Settings(BaseModel):
        port: int

    with pytest.raises(ValidationError) as wrong:
        Settings(port="x")  # type: ignore[arg-type]
    told = runtime.unusable(wrong.value, "")
    assert told is not None
    assert told["message"].startswith("the settings are wrong: port: Input should be a valid integer")
    assert "\n" not in told["message"]
    assert told["hint"] == "correct .env or the environment"
    said = runtime.WrongSettingsError("PORT: no\nHOST: neither")
    assert runtime.unusable(said, "") == runtime.told(
        "UsageError", "the settings are wrong: PORT: no; HOST: neither", told["hint"]
    )
    told = runtime.unusable(ModuleNotFoundError("No module named 'stripe'"), "")
    assert told is not None
    assert told["message"] == f"{sys.executable} cannot import the project: No module named 'stripe'"
    assert told["hint"] == "install the project's dependencies there, or name another interpreter with --python"
    assert runtime.unusable(ValueError("no"), "") is None


class MissingColumnError(Exception):
    """The same."""


def test_a_column_that_no_migration_has_added_is_told_as_the_kernel_tells_it() -> None:
    error = RuntimeError("the orders fail at 3")
    error.__cause__ = MissingColumnError("the column 'total' of the table 'orders' is not in the database")
    assert runtime.unusable(error, "") == runtime.told("RefusedError", str(error.__cause__))


def test_what_does_not_answer_is_told_with_its_setting() -> None:
    for error in (CannotConnectError("refused\nat 5432"), ConnectionRefusedError("refused")):
        assert runtime.unreachable(error) == runtime.told(
            "OperationError", "cannot reach the database: refused", "start it, or correct DATABASE_URL"
        )
    assert runtime.unreachable(UnavailableError("no answer")) is None
    assert runtime.store_unreachable(UnavailableError("no answer")) == runtime.told(
        "OperationError", "cannot reach the event store: no answer", "start it, or correct its settings in .env"
    )
    assert runtime.store_unreachable(OSError("no")) is None
    assert runtime.unexpected(KeyError("a\nb"))["message"].startswith("KeyError: ")
    assert runtime.unexpected(WiringError("the command Pay has two handlers"))["message"].startswith("the command Pay")


SCRIPT = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("entry_runtime", sys.argv[1])
runtime = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runtime)

async def answer(asked, report):
    print("not for the answer")
    report("half")
    if asked["fails"]:
        raise SystemExit("no\\nmore")
    return {"kept": asked["fails"], "arckode": "arckode_gen" in sys.modules}

raise SystemExit(runtime.run(answer, lambda error, asked: runtime.unexpected(error)))
"""


@pytest.mark.parametrize(
    ("fails", "last"),
    [
        (False, {"answer": {"kept": False, "arckode": False}}),
        (True, {"error": {"kind": "OperationError", "message": "SystemExit: no", "hint": ""}}),
    ],
)
def test_a_question_is_answered_line_by_line_without_arckode(fails: bool, last: object) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT, str(ROOT / "entry_runtime.py")],
        input=json.dumps({"src": "/nowhere", "fails": fails}), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"kind": "progress", "text": "half"}, last]
    assert done.stderr == "not for the answer\n"
