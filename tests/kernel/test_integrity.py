"""What a constraint refuses is told by the engine's codes, so that a server may speak any language."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from kernel.errors import ConflictError, ValidationError
from tests.kernel.backends import sql_shop

if TYPE_CHECKING:
    from sqlalchemy import URL

pytestmark = [pytest.mark.anyio, pytest.mark.mariadb]


async def test_a_server_that_speaks_spanish_is_understood(mariadb_scratch: URL) -> None:
    spanish = mariadb_scratch.update_query_dict({"init_command": "SET lc_messages = 'es_ES'"})
    async with sql_shop(spanish) as shop:
        await shop.articles.create({"code": "a"})
        with pytest.raises(ConflictError, match="Article: code is already taken") as taken:
            await shop.articles.create({"code": "a"})
        assert "Duplicate entry" not in str(taken.value.__cause__)
        assert (taken.value.code, taken.value.fields) == ("unique", {"code": "is already taken"})
        with pytest.raises(ValidationError) as lost:
            await shop.lines.create({"article_id": uuid4(), "text": "x"})
        assert lost.value.code == "foreign_key"
