"""The file of recorded events: what passes, what breaks stored events, and what to do about each."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, Field, JsonValue, create_model

from kernel.aggregates import EventData
from kernel.event_catalogue_testing import check_recorded, line_of

if TYPE_CHECKING:
    from pathlib import Path


class Currency(StrEnum):
    EUR = "eur"
    USD = "us, d"


class Place(BaseModel):
    town: str
    code: int | None = None


class Opened(EventData):
    type: ClassVar[str] = "accounts.opened"

    owner: Annotated[str, Field(max_length=9)]
    credit: Decimal | None
    currency: Currency
    at: AwareDatetime
    tags: list[str] = Field(default_factory=list)
    sizes: dict[str, int] | None = None
    pair: tuple[int, ...] = ()
    kind: Literal["a", "b"] = "a"
    rest: JsonValue = None
    place: Place | None = None


LINE = (
    'accounts.opened 1: owner str, credit Decimal|None, currency "eur"|"us, d", at AwareDatetime, tags? list[str], '
    "sizes? dict[str:int]|None, pair? tuple[int:...], "
    'kind? "a"|"b", rest? JsonValue, place? {town:str;code?:int|None}|None'
)


def made(version: int = 1, upcasters: tuple[int, ...] = (), **fields: Any) -> type[EventData]:
    kind = create_model("Paid", __base__=EventData, **fields)
    kind.type, kind.version = "accounts.paid", version
    kind.upcasters = MappingProxyType({each: lambda data: data for each in upcasters})
    return kind


def told(folder: Path, text: str, *kinds: type[EventData]) -> str:
    file = folder / "events.txt"
    file.write_text(f"# Ours.\n\n{text}\n", encoding="utf-8")
    try:
        check_recorded(file, kinds)
    except AssertionError as error:
        return str(error)
    return ""


def test_a_line_says_every_field_and_is_read_again(tmp_path: Path) -> None:
    assert line_of(Opened) == LINE
    assert line_of(made()) == "accounts.paid 1:"
    assert told(tmp_path, f"{LINE}\naccounts.paid 1:", Opened, made()) == ""


PAID = "accounts.paid 1: amount int, note str"
PASSING = [
    (PAID, made(amount=(int, ...), note=(str, ...))),
    (PAID, made(note=(str, ...), amount=(int, ...))),
    (f"{PAID}\naccounts.paid 2: cents int", made(2, (1,), cents=(int, ...))),
    ("accounts.paid 2: cents int", made(2, cents=(int, ...))),
    (f"{PAID}\naccounts.paid 3: cents int", made(3, (1, 2), cents=(int, ...))),
    (f"{PAID}\n{PAID}", made(amount=(int, ...), note=(str, ...))),
]


@pytest.mark.parametrize(("text", "kind"), PASSING, ids=range(len(PASSING)))
def test_what_can_be_read_passes(tmp_path: Path, text: str, kind: type[EventData]) -> None:
    assert told(tmp_path, text, kind) == ""


BROKEN = "stored events do not fit Paid (accounts.paid) any more: "
DO = "  - let `version` be 2,\n  - let an upcaster lead there:\n    upcasters: ClassVar[Mapping[int, Upcaster]] = "
MORE = "Paid (accounts.paid) may say more than is recorded. Write this in place of its line in events.txt:"
PROBLEMS = [
    (
        "",
        made(amount=(int, ...)),
        "Paid (accounts.paid) is not recorded. Add the line to events.txt:\n    accounts.paid 1: amount int",
    ),
    (
        PAID,
        made(amount=(int, ...)),
        (
            f'{BROKEN}`note` is gone. Take that back, or\n{DO}{{1: lambda data: {{"amount": data["amount"]}}}}\n'
            "  - and add the line to events.txt:\n    accounts.paid 2: amount int"
        ),
    ),
    (
        PAID,
        made(amount=(int, ...), text=(str, ...)),
        (
            f"{BROKEN}`note` is gone, or renamed to `text`; `text` is new and required. Take that back, or\n"
            f'{DO}{{1: lambda data: {{"amount": data["amount"], "text": ...}}}}\n'
            "  - and add the line to events.txt:\n    accounts.paid 2: amount int, text str"
        ),
    ),
    (PAID, made(amount=(Decimal, ...), note=(str, ...)), f"{BROKEN}`amount` was int and is Decimal. Take"),
    (PAID, made(amount=(int, ...), note=(str, ...), by=(str, ...)), f"{BROKEN}`by` is new and required. Take"),
    ("accounts.paid 1: note? str", made(note=(str, ...)), f"{BROKEN}`note` is required. Take"),
    ('accounts.paid 1: k "a"|"b"', made(k=(Literal["a"], ...)), f'{BROKEN}`k` was "a"|"b" and is "a". Take'),
    ("accounts.paid 1: k str|None", made(k=(str, ...)), f"{BROKEN}`k` was str|None and is str. Take"),
    *(
        (
            text,
            kind,
            f"{MORE}\n    {line}",
        )
        for text, kind, line in (
            ("accounts.paid 1: a int", made(a=(int, ...), b=(int | None, None)), "accounts.paid 1: a int, b? int|None"),
            ("accounts.paid 1: a int", made(a=(int | None, ...)), "accounts.paid 1: a int|None"),
            ("accounts.paid 1: a int", made(a=(int, 1)), "accounts.paid 1: a? int"),
            ('accounts.paid 1: k "a"', made(k=(Literal["a", "b"], ...)), 'accounts.paid 1: k "a"|"b"'),
        )
    ),
    (
        PAID,
        made(3, (2,), cents=(int, ...)),
        (
            "Paid (accounts.paid): no upcaster leads from version 1 to 2. Add one to `upcasters`:\n"
            '    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: lambda data: {"cents": ...}}\n\n'
            "Paid (accounts.paid) is not recorded in version 3. Add the line to events.txt:\n"
            "    accounts.paid 3: cents int"
        ),
    ),
    (
        PAID.replace(" 1:", " 2:"),
        made(),
        "Paid (accounts.paid) is of version 1 and was stored in version 2: let `version` be 2",
    ),
    (
        f"{PAID}\naccounts.paid 1:",
        made(amount=(int, ...), note=(str, ...)),
        "accounts.paid 1 is in events.txt twice, in two forms",
    ),
    ("accounts.paid 1:\nnonsense", made(), "line 4 of events.txt is no event: write `type version: field type, ...`"),
    ("accounts.paid 1: a int b", made(), "line 3 of events.txt is no event"),
    (
        "accounts.paid 1:\naccounts.closed 1:",
        made(),
        (
            "accounts.closed is recorded and no class is called so: stored events of it could not be read. Bring the "
            "class back, or, if none was ever stored, delete its lines from events.txt"
        ),
    ),
]


@pytest.mark.parametrize(("text", "kind", "message"), PROBLEMS, ids=range(len(PROBLEMS)))
def test_what_stored_events_do_not_fit_is_told_with_what_to_do(
    tmp_path: Path, text: str, kind: type[EventData], message: str
) -> None:
    assert told(tmp_path, text, kind).startswith(message)
