"""What runs the pages would notice: wrong output, a wrong exit code, a command that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs import blocks, session
from tests.docs.blocks import Block, Entry
from tests.docs.normalise import difference

if TYPE_CHECKING:
    from pathlib import Path


def _console(text: str) -> tuple[Block, ...]:
    return (Block("page.md", 1, "console", text),)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(_console("$ echo one\none\n"), id="the output is as written"),
        pytest.param(_console("$ seq 5\n1\n...\n5\n"), id="three dots stand for any lines"),
        pytest.param(_console("$ seq 2\n...\n1\n2\n"), id="three dots may stand for no line"),
        pytest.param(_console("$ false\n$ echo $?\n1\n"), id="a failure whose exit code is shown"),
        pytest.param(_console("$ mkdir a && cd a\n$ basename $PWD\na\n"), id="one shell from top to bottom"),
        pytest.param(_console("$ echo one \\\n  two\none two\n"), id="a command of two lines"),
        pytest.param(
            (Block("page.md", 1, "text", "hello\n", file="a/b.txt"), *_console("$ cat a/b.txt\nhello\n")),
            id="a block under a path is written there",
        ),
        pytest.param((Block("page.md", 1, "sh", "exit 9\n", not_run="it would fail"),), id="what is not run"),
        pytest.param(
            (Block("page.md", 1, "python", "import asyncio\nawait asyncio.sleep(0)\n"),), id="await at the top level"
        ),
    ],
)
def test_a_page_that_is_right_has_no_problems(page: tuple[Block, ...], tmp_path: Path) -> None:
    assert session.play(session.steps(page), tmp_path) == []


@pytest.mark.parametrize(
    ("page", "said"),
    [
        pytest.param(_console("$ echo two\none\n"), "-one\n+two", id="another output"),
        pytest.param(_console("$ seq 3\n1\n...\n4\n"), "+3", id="another end after three dots"),
        pytest.param(_console("$ echo one >&2; false\n"), "one", id="a failure that is not shown"),
        pytest.param(_console("$ false\n$ echo $?\n2\n"), "+1", id="another exit code"),
        pytest.param((Block("page.md", 7, "sh", "false\ntrue\n"),), "page.md:7", id="the first of two commands fails"),
        pytest.param((Block("page.md", 7, "python", "assert 1 == 2\n"),), "AssertionError", id="a Python block fails"),
    ],
)
def test_a_page_that_is_wrong_is_noticed(page: tuple[Block, ...], said: str, tmp_path: Path) -> None:
    problems = session.play(session.steps(page), tmp_path)
    assert len(problems) == 1
    assert said in problems[0]


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        pytest.param(
            "applied 202611220001_create_tags (8 ms)", "applied 203001010001_create_tags (120 ms)", id="times"
        ),
        pytest.param("create  a.py  339 B", "create  a.py  1.2 kB", id="sizes"),
        pytest.param("0 findings in 69 files", "0 findings in 70 files", id="numbers of files"),
        pytest.param("at 2026-11-22T20:59:26.941Z", "at 2030-01-01T00:00:00.000Z", id="moments"),
        pytest.param("name   state", "name state", id="the width of a table"),
    ],
)
def test_what_changes_from_run_to_run_is_not_compared(page: str, printed: str) -> None:
    assert difference(page, printed) == ""


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        pytest.param("202611220001_create_tags", "202611220002_create_tags", id="the counter of a migration"),
        pytest.param("0 findings in 69 files", "1 finding in 69 files", id="the number of findings"),
        pytest.param("3 rows inserted", "2 rows inserted", id="the number of rows"),
    ],
)
def test_what_matters_is_compared(page: str, printed: str) -> None:
    assert difference(page, printed)


def test_a_page_is_cut_into_blocks_with_what_stands_above_them(tmp_path: Path) -> None:
    page = "Put this into `src/a.py`:\n\n```python\nx = 1\n```\n\n<!-- not run: it waits -->\n```sh\nsleep 9\n```\n"
    found = tuple(blocks.cut("page.md", page))
    assert [(block.language, block.file, block.not_run, block.line) for block in found] == [
        ("python", "src/a.py", "", 3),
        ("sh", "", "it waits", 8),
    ]
    with pytest.raises(AssertionError, match=r"page\.md:1: the block is never closed"):
        tuple(blocks.cut("page.md", "```sh\ntrue\n"))


def test_the_commands_of_a_console_block() -> None:
    block = _console("$ one\na\nb\n$ two \\\n  more\n")[0]
    assert blocks.entries(block) == (Entry("one", "a\nb"), Entry("two \\\n  more", ""))
