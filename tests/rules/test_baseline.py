"""The baseline: findings known by what they are, a list that only shrinks."""

from __future__ import annotations

import pytest

from arckode_analyzers import baseline
from tests.rules.projects import LOOP, ORDERS, SERVICE, findings

TWICE = LOOP + "            await self._orders.find_by_id(key)\n"


def known(text: str) -> frozenset[baseline.Entry]:
    return frozenset(entry for entry, _ in baseline.entries(findings({SERVICE: text})))


def test_moving_code_changes_nothing() -> None:
    moved = findings({SERVICE: "\n\n# words\n" + LOOP})
    assert baseline.compare(moved, known(LOOP)) == baseline.Comparison((), 1, ())


LAMBDA = ORDERS + ("    def list(self, ids):\n        return lambda: [self._orders.find_by_id(key) for key in ids]\n")


def test_a_lambda_that_moves_is_the_same() -> None:
    moved = findings({SERVICE: LAMBDA.replace("class", "\n# words\nclass").replace("return", "return ")})
    assert [each.code for each in moved] == ["ARC201"]
    assert baseline.compare(moved, known(LAMBDA)) == baseline.Comparison((), 1, ())
    assert "@" not in baseline.render(known(LAMBDA))


def test_what_did_not_run_is_not_gone() -> None:
    rows = findings({SERVICE: ORDERS})
    assert baseline.shrunk(known(LOOP), rows, lambda code: code != "ARC201") == known(LOOP)
    assert baseline.shrunk(known(LOOP), rows, lambda _: True) == frozenset()


def test_a_second_one_in_the_same_function_is_new() -> None:
    compared = baseline.compare(findings({SERVICE: TWICE}), known(LOOP))
    assert (len(compared.new), compared.known, compared.stale) == (1, 1, ())


def test_the_same_call_in_another_method_is_new() -> None:
    renamed = findings({SERVICE: LOOP.replace("names", "others")})
    compared = baseline.compare(renamed, known(LOOP))
    assert (len(compared.new), len(compared.stale)) == (1, 1)


def test_one_fixed_of_two_leaves_one_stale_entry() -> None:
    compared = baseline.compare(findings({SERVICE: LOOP}), known(TWICE))
    assert (compared.known, [entry.ordinal for entry in compared.stale]) == (1, [1])


def test_a_stale_entry_says_what_is_gone() -> None:
    (entry,) = baseline.compare(findings({SERVICE: ORDERS}), known(LOOP)).stale
    complaint = baseline.complaint(entry, "known.json")
    assert complaint.code == "ARC004"
    assert complaint.message == (
        "the baseline still lists ARC201 in shop.modules.orders.service.OrdersService.names "
        "(RepositoryAdapter.find_by_id), which is gone"
    )
    assert complaint.hint == "run `arckode analyze --baseline known.json --update-baseline`"


def test_the_file_is_sorted_and_reads_back() -> None:
    text = baseline.render(sorted(known(TWICE), reverse=True))
    assert baseline.parse(text) == known(TWICE)
    assert text == baseline.render(known(TWICE))
    assert SERVICE not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "it is not a baseline: JSONDecodeError", id="no JSON"),
        pytest.param("[]", "it is not a baseline: TypeError", id="no object"),
        pytest.param('{"version": 1, "entries": [{}]}', "it is not a baseline: KeyError: 'code'", id="an empty entry"),
        pytest.param('{"entries": []}', "it is not a baseline: KeyError: 'version'", id="no version"),
        pytest.param('{"version": 9, "entries": []}', "its version is 9, and this arckode reads", id="another version"),
    ],
)
def test_a_damaged_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(baseline.BaselineError) as caught:
        baseline.parse(text)
    assert message in str(caught.value)
