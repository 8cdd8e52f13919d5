"""One line into a TypeScript file and out again: where it goes, what stops it, and that the file is as it was after."""

from __future__ import annotations

import pytest

from arckode_gen.engine.edits import AlreadyGone, AlreadyThere, CannotInsert, CannotRemove, Inserted, Removed
from arckode_gen.engine.edits_typescript import (
    insert_ts_import,
    insert_ts_item,
    remove_ts_import,
    remove_ts_item,
)

ROUTER = """\
import { createRouter } from "vue-router";

import HomePage from "./pages/home/HomePage.vue";
import { tagsRoutes } from "./pages/tags/routes";

/** const pages = [ in a comment ] */
const other = `const pages = [${`${other}]`}`;
const pages: RouteRecordRaw[] = [
  ...tagsRoutes, // theirs
];
const pattern = /[\\]/"'`]+/g.test("[");
"""
IMPORT = 'import { ordersRoutes } from "./pages/orders/routes";'


def inserted(outcome: object) -> str:
    assert isinstance(outcome, Inserted), outcome
    return outcome.text.decode()


def removed(outcome: object) -> str:
    assert isinstance(outcome, Removed), outcome
    return outcome.text.decode()


def test_an_import_goes_among_its_neighbours_and_out_again() -> None:
    text = inserted(insert_ts_import(ROUTER.encode(), IMPORT))
    assert f'HomePage.vue";\n{IMPORT}\nimport {{ tagsRoutes }}' in text
    assert removed(remove_ts_import(text.encode(), IMPORT)) == ROUTER


def test_an_item_is_sorted_in_and_goes_out_again() -> None:
    text = inserted(insert_ts_item(ROUTER.encode(), "pages", "...ordersRoutes"))
    assert "[\n  ...ordersRoutes,\n  ...tagsRoutes, // theirs\n]" in text
    assert removed(remove_ts_item(text.encode(), "pages", "...ordersRoutes")) == ROUTER


@pytest.mark.parametrize("brackets", ["[]", "{}"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_empty_list_is_opened_and_closed_again(brackets: str, end: str) -> None:
    source = f"// texts{end}const pages = {brackets};{end}"
    text = inserted(insert_ts_item(source.encode(), "pages", "...a"))
    assert text == f"// texts{end}const pages = {brackets[0]}{end}  ...a,{end}{brackets[1]};{end}"
    assert removed(remove_ts_item(text.encode(), "pages", "...a")) == source


def test_the_first_import_goes_below_the_first_comment() -> None:
    text = inserted(insert_ts_import(b"/** Texts. */\n\nconst a = 1;\n", IMPORT))
    assert text == f"/** Texts. */\n{IMPORT}\n\nconst a = 1;\n"


def test_what_is_there_in_another_layout_is_there() -> None:
    source = b"import {ordersRoutes} from './pages/orders/routes'\nconst pages = [\n  { to: 'a', label: 'b', },\n];\n"
    assert isinstance(insert_ts_import(source, IMPORT), AlreadyThere)
    assert isinstance(insert_ts_item(source, "pages", '{ to: "a", label: "b" }'), AlreadyThere)


def test_what_is_not_there_is_gone() -> None:
    assert isinstance(remove_ts_import(ROUTER.encode(), IMPORT), AlreadyGone)
    assert isinstance(remove_ts_item(ROUTER.encode(), "pages", "...ordersRoutes"), AlreadyGone)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param("const pages = make();\n", "pages is made with no list of its own", id="made by a call"),
        pytest.param("let others = [];\n", "there is no const pages", id="not there"),
        pytest.param("const pages = [\n", "its brackets do not fit", id="unfinished"),
        pytest.param("const pages = ['a];\n", "a string does not end", id="a string without an end"),
        pytest.param("const a = `${`;\nconst pages = [];\n", "a template does not end", id="a template without an end"),
        pytest.param("const pages = [...b, ...c];\n", "its items are not one on each line", id="all on one line"),
        pytest.param("const pages = [\n  ...b\n];\n", "its last item has no comma behind it", id="no last comma"),
    ],
)
def test_what_has_no_safe_place_is_left_alone(source: str, reason: str) -> None:
    outcome = insert_ts_item(source.encode(), "pages", "...a")
    assert isinstance(outcome, CannotInsert)
    assert (outcome.reason, outcome.patch) == (reason, "// in pages:\n...a,")


def test_what_shares_its_line_is_left_to_a_person() -> None:
    outcome = remove_ts_item(b"const pages = [\n  ...a, ...b,\n];\n", "pages", "...a")
    assert isinstance(outcome, CannotRemove)
    assert outcome.reason == "something else is on its line"


def test_bytes_that_are_no_text_are_left_alone() -> None:
    outcome = insert_ts_import(b"\xff", IMPORT)
    assert isinstance(outcome, CannotInsert)
    assert outcome.reason == "it is not UTF-8"
