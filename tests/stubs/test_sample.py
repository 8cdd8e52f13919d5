"""The sample of the event layer, and what it stands on: stubs that change what joined ones made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import CrashError, RefusedError, UsageError
from tests.commands.calls import arckode, call
from tests.generated import new_project
from tests.shell.trees import tree

if TYPE_CHECKING:
    from pathlib import Path

USERS = ("make:aggregate", "users", "email:email:unique", "first_name:str:max=80", "last_name:str:max=80")
AGGREGATE = "src/shop/modules/users/aggregate.py"
BRINGS = "the sample brings notifications, orders, user_overviews, users, and this project has"


@pytest.mark.parametrize(
    ("before", "there"),
    [
        (("make:module", "orders", "total:int"), "orders"),
        (("make:aggregate", "notifications", "text"), "notifications"),
        (("make:auth",), "users"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else words,
)
def test_a_project_that_has_one_of_its_modules_is_left_alone(
    tmp_path: Path, before: tuple[str, ...], there: str
) -> None:
    shop = new_project(tmp_path)
    call(shop, *before)
    kept = tree(shop)
    with pytest.raises(UsageError) as refused:
        call(shop, "make:sample", "events")
    assert refused.value.message == f"{BRINGS} {there} already"
    where = "make it in a new project: `arckode new NAME`, and there `arckode make:sample events`"
    beside = "; sign-in with names of its own, `arckode make:auth --prefix staff`, stands beside it in either order"
    assert refused.value.hint == where + beside * (before == ("make:auth",))
    assert tree(shop) == kept


def test_there_is_one_sample_and_its_name_is_told(tmp_path: Path) -> None:
    said = arckode(new_project(tmp_path), "make:sample", "event", code=2).said
    assert "'event' is not 'events'" in said


def test_what_somebody_wrote_into_what_it_is_made_of_is_not_overwritten(tmp_path: Path) -> None:
    shop = new_project(tmp_path)
    call(shop, *USERS)
    file = shop / AGGREGATE
    file.write_text(file.read_text().replace("What can happen", "What may happen"))
    kept = tree(shop)
    with pytest.raises(RefusedError) as refused:
        call(shop, "make:sample", "events")
    assert f"  {AGGREGATE} is not as it was generated:" in refused.value.message
    assert tree(shop) == kept
    assert call(shop, "make:sample", "events", "--force").code == 0
    assert "class UserDeactivated" in file.read_text()


def test_made_again_it_leaves_what_was_written_since(tmp_path: Path) -> None:
    shop = new_project(tmp_path)
    call(shop, "make:sample", "events")
    file = shop / AGGREGATE
    file.write_text(file.read_text().replace("What can happen", "What may happen"))
    kept = tree(shop)
    assert call(shop, "make:sample", "events").out.endswith("nothing to do, everything is there already")
    assert tree(shop) == kept
    with pytest.raises(RefusedError, match=r"the aggregate 'users' is needed by the .*sample 'events'") as refused:
        call(shop, "destroy:aggregate", "users")
    assert "`arckode destroy:sample events`" in refused.value.hint


def test_an_aggregate_without_what_a_command_executes_is_told(tmp_path: Path) -> None:
    shop = new_project(tmp_path)
    call(shop, "make:sample", "events")
    with pytest.raises(UsageError) as refused:
        call(shop, "make:command", "rename", "--of", "users", "--change", "first_name")
    assert refused.value.message == f"{AGGREGATE} has no ChangeUser, which the command would execute"
    assert refused.value.hint.startswith("write it again as `make:aggregate` does, or a handler of your own")
    # An event needs nothing that was taken out.
    assert call(shop, "make:event", "users", "suspended", "reason:str").code == 0
    test = (shop / "tests/modules/users/events/test_suspended.py").read_text()
    assert "UserRemoved" not in test


STUB = """\
command: make:thing
joined:
  - {{ command: make:helper, words: "{words}", first: true }}
files:
  - {{ path: "{path}", template: text.jinja, edits: true }}
"""


def plant(shop: Path, words: str = "slugify", path: str = "src/shop/shared/slugify.py") -> None:
    folder = shop / ".arckode/stubs/thing"
    (folder / "tree").mkdir(parents=True)
    (folder / "stub.yml").write_text(STUB.format(words=words, path=path))
    (folder / "tree/text.jinja").write_text('"""Ours."""\n')


def test_what_a_stub_wrote_into_another_units_file_is_put_back(tmp_path: Path) -> None:
    shop = new_project(tmp_path)
    call(shop, "make:helper", "slugify")
    made = tree(shop)
    plant(shop)
    call(shop, "make:thing")
    assert (shop / "src/shop/shared/slugify.py").read_text() == '"""Ours."""\n'
    call(shop, "destroy:thing")
    assert {path: text for path, text in tree(shop).items() if ".arckode/stubs" not in path} == made


def test_a_file_that_nobody_made_cannot_be_edited(tmp_path: Path) -> None:
    shop = new_project(tmp_path)
    plant(shop, path="src/shop/shared/other.py")
    with pytest.raises(RefusedError, match=r"src/shop/shared/other\.py is missing; make again what it belongs to"):
        call(shop, "make:thing")


def test_words_that_a_joined_command_does_not_take_are_a_bug_that_is_told(tmp_path: Path) -> None:
    shop = new_project(tmp_path)
    plant(shop, words="slugify --loudly")
    with pytest.raises(CrashError, match=r"stub\.yml: make:helper does not take the words `slugify --loudly`"):
        call(shop, "make:thing")
