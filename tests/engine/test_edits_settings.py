"""One attribute in the settings class, and out again."""

from __future__ import annotations

import pytest

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed
from arckode_gen.engine.edits_settings import insert_setting, remove_setting

LINE = 'mail_url: str = "smtp://localhost"'
HEAD = "class Settings(KernelSettings):\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param('    """Doc."""\n', f'    """Doc."""\n\n    {LINE}\n', id="the first after the docstring"),
        pytest.param(
            "    cache: str\n    zone: str\n",
            f"    cache: str\n    {LINE}\n    zone: str\n",
            id="sorted among the others",
        ),
        pytest.param("    zone: str\n", f"    {LINE}\n    zone: str\n", id="before the first"),
        pytest.param(
            '    cache: str\n    """Where it is."""\n    zone: str\n',
            f'    cache: str\n    """Where it is."""\n    {LINE}\n    zone: str\n',
            id="after the docstring of an attribute",
        ),
        pytest.param("    model_config = {}\n", f"    model_config = {{}}\n    {LINE}\n", id="after plain attributes"),
        pytest.param(
            "    def now(self) -> int:\n        return 1\n",
            f"    {LINE}\n\n    def now(self) -> int:\n        return 1\n",
            id="before the methods",
        ),
        pytest.param("\tcache: str\r\n", f"\tcache: str\r\n\t{LINE}\r\n", id="tabs and CRLF"),
    ],
)
def test_where_a_setting_goes(body: str, expected: str) -> None:
    head = HEAD.replace("\n", "\r\n") if "\r" in body else HEAD
    before, after = (head + body).encode(), (head + expected).encode()
    assert insert_setting(before, LINE) == Inserted(after)
    assert insert_setting(after, LINE) == AlreadyThere()
    assert remove_setting(after, LINE) == Removed(before)


def test_a_setting_declared_otherwise_is_left_alone() -> None:
    source = f"{HEAD}    mail_url: SecretStr\n".encode()
    assert insert_setting(source, LINE) == AlreadyThere()
    outcome = remove_setting(source, LINE)
    assert isinstance(outcome, CannotRemove)
    assert "a person changed" in outcome.reason


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param("x = 1\n", "not exactly one class", id="no class"),
        pytest.param(f"{HEAD}    a: int\n{HEAD}    b: int\n", "not exactly one class", id="two classes"),
        pytest.param("class Settings: pass\n", "on the line of its header", id="a body on one line"),
        pytest.param("class Settings(:\n", "no valid Python", id="a syntax error"),
        pytest.param(
            f"{HEAD}    a: int; z: int = \\\n        1\n    x = 2; zz: int\n", "", id="attributes that share a line"
        ),
    ],
)
def test_without_a_safe_place_it_says_why_and_what_to_paste(source: str, reason: str) -> None:
    outcome = insert_setting(source.encode(), LINE)
    if not reason:
        assert isinstance(outcome, Inserted | CannotInsert)
        return
    assert isinstance(outcome, CannotInsert)
    assert reason in outcome.reason
    assert outcome.patch.strip() == LINE


def test_the_only_setting_stays_since_a_class_needs_a_body() -> None:
    assert isinstance(remove_setting(f"{HEAD}    {LINE}\n".encode(), LINE), CannotRemove)


def test_removing_what_is_not_there_is_nothing_to_do() -> None:
    assert remove_setting(f"{HEAD}    a: int\n".encode(), LINE) == AlreadyGone()
    assert isinstance(remove_setting(b"class (:", LINE), CannotRemove)


def test_a_setting_of_a_stub_must_be_one() -> None:
    with pytest.raises(ValueError, match="declares no attribute"):
        insert_setting(b"", "print()")
