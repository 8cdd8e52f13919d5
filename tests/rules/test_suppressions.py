"""Suppressions: where they reach, and what is wrong with them."""

from __future__ import annotations

import pytest

from arckode_analyzers import engine, meta, suppressions
from arckode_analyzers.config import Config
from tests.rules.projects import LOOP, SERVICE

CALL = "            await self._orders.find_by_id(key)"
TODAY = "2026-11-22"
SPREAD = "            await self._orders.find_by_id(\n                key\n            )"


def judged(text: str) -> suppressions.Outcome:
    verdict = engine.judge({SERVICE: text.encode()}, Config())
    return suppressions.apply(verdict.findings, verdict.suppressions, TODAY, suppressions.Rules(meta.codes))


def outcome(replacement: str) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in judged(LOOP.replace(CALL, replacement)).findings]


FOUND = ("ARC201", "`RepositoryAdapter.find_by_id` runs once per turn of this for")
ABOVE = "            # arckode: ignore[ARC201] three at most\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{CALL}  # arckode: ignore[ARC201] three at most", id="beside the line"),
        pytest.param(f"{ABOVE}{CALL}", id="on the line above"),
        pytest.param(f"{ABOVE}            # and more words\n\n{CALL}", id="above, with more comments between"),
        pytest.param(f"{CALL}  # arckode: ignore[ARC201 until 2026-11-22] soon gone", id="until today"),
        pytest.param(f"{CALL}  # arckode: ignore[ARC201] until 2.0 three at most", id="until what is no date"),
        pytest.param(
            f"{SPREAD}  # arckode: ignore[ARC201] three at most", id="at the end of a statement of many lines"
        ),
    ],
)
def test_it_silences_its_statement(text: str) -> None:
    assert outcome(text) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(
            f"{CALL}  # arckode: ignore[ARC201]",
            [("ARC001", "a suppression of ARC201 without a reason"), FOUND],
            id="without a reason it silences nothing",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore[] because",
            [("ARC005", "this suppression names no rule and silences nothing"), FOUND],
            id="without a code neither",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore",
            [("ARC005", "this suppression names no rule and silences nothing"), FOUND],
            id="without brackets neither",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore ARC201 three at most",
            [("ARC005", "this suppression names no rule and silences nothing"), FOUND],
            id="without brackets around the code neither",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore[ARC2O1] a letter for a digit",
            [("ARC006", "the suppression names 'ARC2O1', and there is no such rule"), FOUND],
            id="of a rule that is not there",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore[ARC201, ARC999] one of them",
            [("ARC006", "the suppression names 'ARC999', and there is no such rule")],
            id="beside a good code a wrong one is named",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore[ARC201 until 2999-02-30] later",
            [("ARC003", "the suppression of ARC201 ends on 2999-02-30, which is no date"), FOUND],
            id="until a day that never comes",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore[ARC101] wrong one",
            [("ARC002", "the suppression of ARC101 silences nothing"), FOUND],
            id="another code silences nothing and is unused",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore[ARC101, ARC201] both",
            [("ARC002", "the suppression of ARC101 silences nothing")],
            id="of two codes the unused one is named",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore[ARC201 until 2026-11-21] later",
            [("ARC003", "the suppression of ARC201 expired on 2026-11-21"), FOUND],
            id="after its date it silences nothing",
        ),
        pytest.param(
            f"{CALL}  # arckode: ignore[ARC201] until 2999-01-31: three at most",
            [
                ("ARC003", "the suppression of ARC201 says outside the brackets when it ends, where it never would"),
                FOUND,
            ],
            id="with its date outside the brackets it would never end",
        ),
        pytest.param(f'{CALL}; "# arckode: ignore[ARC201] in a text"', [FOUND], id="in a string it is no comment"),
        pytest.param(
            f"            # arckode: ignore[ARC201] too early\n            key = key\n{CALL}",
            [("ARC002", "the suppression of ARC201 silences nothing"), FOUND],
            id="above another statement it does not reach",
        ),
        pytest.param(
            f"{CALL}\n# arckode: ignore[ARC201] at the end",
            [FOUND, ("ARC002", "the suppression of ARC201 silences nothing")],
            id="after all code it is unused",
        ),
    ],
)
def test_it_is_reported(text: str, wanted: list[tuple[str, str]]) -> None:
    assert sorted(outcome(text)) == sorted(wanted)


def test_all_are_listed_with_what_they_silenced() -> None:
    (row,) = judged(LOOP.replace(CALL, f"{CALL}  # arckode: ignore[ARC201] three at most")).suppressions
    assert (row.path, row.ignore.codes, row.ignore.reason, row.silenced) == (SERVICE, ("ARC201",), "three at most", 1)


@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("# the mark is `# arckode: ignore`, in brackets the code", id="words about the mark"),
        pytest.param("# arckode: ignored by nobody", id="another word"),
        pytest.param('x = "# arckode: ignore"', id="a string"),
    ],
)
def test_what_only_looks_like_a_suppression_is_left_alone(comment: str) -> None:
    assert outcome(f"            {comment}\n{CALL}") == [FOUND]


def test_a_suppression_of_a_rule_that_was_left_out_is_not_unused() -> None:
    verdict = engine.judge(
        {SERVICE: LOOP.replace(CALL, f"{CALL}  # arckode: ignore[ARC101] another").encode()}, Config()
    )
    rules = suppressions.Rules(meta.codes, lambda code: code != "ARC101")
    found = suppressions.apply(verdict.findings, verdict.suppressions, TODAY, rules).findings
    assert [each.code for each in found] == ["ARC201"]


def test_a_misspelt_code_is_answered_with_the_nearest() -> None:
    (complaint, _) = judged(LOOP.replace(CALL, f"{CALL}  # arckode: ignore[ARC2011] three")).findings
    assert complaint.hint == "did you mean 'ARC201'?"
