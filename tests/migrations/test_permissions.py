"""What is dangerous wants a word: rolling back in production, and taking back what has no way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench


def test_a_rollback_in_production_wants_the_word(sqlite: Workbench) -> None:
    sqlite.usual()
    sqlite.migrate()
    (sqlite.root / ".env").write_text("ENVIRONMENT=production\n")
    with pytest.raises(RefusedError, match="the settings say production, and rolling back there may lose data"):
        sqlite.migrate(rollback=1)
    assert sqlite.migrate(rollback=1, force_production=True).code == 0
    assert sqlite.migrate().code == 0


@pytest.mark.parametrize("text", ["IRREVERSIBLE = 'rows are gone'", "DOWN = None"])
def test_what_has_no_way_back_is_taken_off_the_list_when_forced(bench: Workbench, text: str) -> None:
    bench.write("202611220001_one_way", f'UP = {{"*": ["CREATE TABLE a (id INTEGER)"]}}\n{text}\n')
    bench.migrate()
    with pytest.raises(RefusedError) as caught:
        bench.migrate(rollback=1)
    assert "--force-irreversible only takes it off the list" in caught.value.hint
    assert bench.migrate(rollback=1, force_irreversible=True).code == 0
    assert bench.states() == {"202611220001": "pending"}
    assert bench.tables() == {"a"}
