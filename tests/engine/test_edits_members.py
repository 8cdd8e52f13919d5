"""A class, a case, a name in a list and a field: what a decider grows by, and out again without a trace."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed, StillUsed
from arckode_gen.engine.units import Edit
from arckode_gen.engine.wiring import insert, remove

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLE = (
    Path(__file__).parents[2] / "stubs/aggregate/examples/expected/accounts/src/shop/modules/accounts/aggregate.py.txt"
)
AGGREGATE = EXAMPLE.read_text(encoding="utf-8")
FILE = "aggregate.py"
EVENT = 'class AccountFrozen(EventData):\n    type: ClassVar[str] = "accounts.frozen"\n\n    until: dt.date'
COMMAND = "class FreezeAccount(Command):\n    until: dt.date"
DECIDED = "case FreezeAccount():\n    _there(state)\n    return [AccountFrozen(until=command.until)]"
EVOLVED = "case AccountFrozen() if state is not None:\n    return replace(state, until=event.until)"
EDITS = (
    Edit(FILE, "field", "until: dt.date | None = None", function="Account"),
    Edit(FILE, "class", EVENT, at="EventData"),
    Edit(FILE, "class", COMMAND, at="Command"),
    Edit(FILE, "item", "FreezeAccount", at="AccountCommand"),
    Edit(FILE, "case", DECIDED, function="decide"),
    Edit(FILE, "case", EVOLVED, function="evolve"),
    Edit(FILE, "item", "AccountFrozen", at="ACCOUNTS.events"),
    Edit(FILE, "line", "accounts.frozen 1: until date"),
)
LONG = "A" * 80
CLOSED = 'class AccountClosed(EventData):\n    """Ours."""\n\n    type: ClassVar[str] = "accounts.closed"  # stays\n'
UNION = "AccountCommand = CreateAccount | ChangeAccount | RemoveAccount\n"
TUPLE = "events=(AccountCreated, AccountChanged, AccountRemoved)"
SHAPES = {
    "as generated": AGGREGATE,
    "carriage returns": AGGREGATE.replace("\n", "\r\n"),
    "a class of a person's": AGGREGATE.replace("class CreateAccount(", f"{CLOSED}\n\nclass CreateAccount("),
    "another import": AGGREGATE.replace("(EventData)", "(aggregates.EventData)"),
    "no wildcard": AGGREGATE.replace(
        '        case _:\n            raise ProgrammingError(f"{event.type} cannot', ""
    ).replace(' happen to {state}")\n', "", 1),
    "a comment on the wildcard": AGGREGATE.replace("        case _:\n", "        # the rest\n        case _:\n"),
    "a long union": AGGREGATE.replace(UNION, f"AccountCommand = CreateAccount | {LONG}\n"),
    "a union on many lines": AGGREGATE.replace(
        UNION, f"AccountCommand = (\n    CreateAccount\n    | {LONG}\n    | {LONG}B\n)\n"
    ),
    "an exploded union": AGGREGATE.replace(UNION, "AccountCommand = (\n    CreateAccount\n    | RemoveAccount\n)\n"),
    "an annotated union": AGGREGATE.replace("AccountCommand = ", "AccountCommand: TypeAlias = "),
    "an exploded tuple": AGGREGATE.replace(TUPLE, "events=(\n        AccountCreated,\n        AccountRemoved,\n    )"),
    "a long tuple": AGGREGATE.replace(TUPLE, f"events=(AccountCreated, {LONG})"),
    "one event": AGGREGATE.replace(TUPLE, "events=(AccountCreated,)"),
}


def put(text: str, edits: Sequence[Edit] = EDITS) -> list[bytes]:
    """Answer what the file is after each edit, the file itself first."""
    states = [text.encode()]
    for edit in edits:
        done = insert(edit, states[-1])
        assert isinstance(done, Inserted), (edit, done)
        assert isinstance(insert(edit, done.text), AlreadyThere)
        states.append(done.text)
    return states


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_what_goes_in_comes_out_and_leaves_no_trace(shape: str) -> None:
    states = put(shape)
    text = states[-1]
    for edit in reversed(EDITS):
        done = remove(edit, text)
        assert isinstance(done, Removed), (edit, done)
        text = done.text
        assert isinstance(remove(edit, text), AlreadyGone)
        assert text == states.pop(-2)


@pytest.mark.parametrize("name", ["as generated", "a long union", "a union on many lines", "a long tuple", "one event"])
def test_what_was_formatted_stays_formatted(name: str, tmp_path: Path) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    assert ruff is not None
    for at, state in enumerate(put(SHAPES[name], EDITS[:-1])):
        file = tmp_path / f"state_{at}.py"
        file.write_bytes(state)
    done = subprocess.run(
        [ruff, "format", "--isolated", "--line-length", "120", "--diff", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_where_things_go() -> None:
    text = put(AGGREGATE, EDITS[:-1])[-1].decode()
    for line in (
        'class AccountRemoved(EventData):\n    type: ClassVar[str] = "accounts.removed"\n\n\nclass AccountFrozen(',
        '    """Let it be gone; its events stay."""\n\n\nclass FreezeAccount(Command):\n    until: dt.date\n\n\nAcc',
        "AccountCommand = CreateAccount | ChangeAccount | RemoveAccount | FreezeAccount\n",
        "            return [AccountFrozen(until=command.until)]\n        case _:\n            assert_never(command)\n",
        "            return replace(state, until=event.until)\n        case _:\n            raise",
        "    events=(AccountCreated, AccountChanged, AccountRemoved, AccountFrozen),\n",
        "    is_removed: bool = False\n    until: dt.date | None = None\n\n\nclass",
    ):
        assert line in text


REFUSED = [
    (1, AGGREGATE.replace("(EventData)", "(BaseModel)"), "there is no class of 'EventData' at the top level"),
    (4, AGGREGATE.replace("def decide(", "def rule("), "there is not exactly one function 'decide'"),
    (
        4,
        AGGREGATE.replace("    match command:", "    match state:\n        case _: pass\n    match command:"),
        "exactly one `match`",
    ),
    (
        4,
        AGGREGATE.replace("case RemoveAccount():", "case (\n            RemoveAccount()\n        ):"),
        "the line of its pattern",
    ),
    (3, AGGREGATE.replace(UNION, ""), "there is not exactly one 'AccountCommand'"),
    (3, AGGREGATE.replace(UNION, "AccountCommand = Union[CreateAccount, ChangeAccount]\n"), "is no union of names"),
    (3, AGGREGATE.replace(UNION, "AccountCommand = CreateAccount|ChangeAccount\n"), "neither on one line nor each"),
    (6, AGGREGATE.replace(TUPLE, "events=EVENTS"), "'ACCOUNTS' is not given a tuple of 'events'"),
    (6, AGGREGATE.replace(TUPLE, "events=(AccountCreated,AccountChanged)"), "neither on one line nor each"),
    (
        6,
        AGGREGATE.replace(TUPLE, "events=(\n        AccountCreated,  # first\n        AccountChanged,\n    )"),
        "neither on one",
    ),
    (0, AGGREGATE.replace("class Account:", "class Konto:"), "there is not exactly one class 'Account' with fields"),
    *((at, "def broken(:\n", "line 1 is no valid Python") for at in range(7)),
    (7, "\udcff", "it is not UTF-8"),
]


@pytest.mark.parametrize(("at", "text", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_what_has_no_safe_place_is_left_to_a_person(at: int, text: str, reason: str) -> None:
    done = insert(EDITS[at], text.encode(errors="surrogateescape"))
    assert isinstance(done, CannotInsert)
    assert reason in done.reason
    assert EDITS[at].text.split()[-1] in done.patch


KEPT = [
    (0, "until: dt.date | None = None", "until: dt.date | None = dt.date.max", "a person changed the attribute"),
    (1, '"accounts.frozen"', '"accounts.iced"', "a person changed `AccountFrozen`"),
    (
        2,
        "class FreezeAccount(Command):\n",
        "class FreezeAccount(Command):\n    why: str\n",
        "a person changed `FreezeAccount`",
    ),
    (
        4,
        "return [AccountFrozen(",
        "return [AccountRemoved(), AccountFrozen(",
        "a person changed the case of `FreezeAccount`",
    ),
    (3, "| RemoveAccount | FreezeAccount", "| RemoveAccount|FreezeAccount", "neither on one line nor each"),
    (6, f"{TUPLE[:-1]}, AccountFrozen)", "events=(AccountFrozen,)", "`AccountFrozen` is the only one"),
    (1, "", "", "still uses `AccountFrozen`"),
    *((at, AGGREGATE[:40], "(" + AGGREGATE[:40], "line") for at in range(7)),
]


@pytest.mark.parametrize(("at", "old", "new", "reason"), KEPT, ids=range(len(KEPT)))
def test_what_a_person_changed_stays(at: int, old: str, new: str, reason: str) -> None:
    text = put(AGGREGATE, EDITS[:-1])[-1].decode()
    assert old in text
    done = remove(EDITS[at], text.replace(old, new, 1).encode())
    assert isinstance(done, CannotRemove)
    assert reason in done.reason
    assert isinstance(done, StillUsed) == ("still uses" in reason)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Edit(FILE, "class", "def f(): ...", at="EventData"), "is no single class"),
        (Edit(FILE, "case", "case 1:\n    pass", function="decide"), "is no single case of a class"),
        (Edit(FILE, "field", "def f(): ...", function="Account"), "declares no attribute"),
    ],
)
def test_a_stub_that_says_something_else_is_told(edit: Edit, message: str) -> None:
    for way in (insert, remove):
        with pytest.raises(ValueError, match=message):
            way(edit, AGGREGATE.encode())
