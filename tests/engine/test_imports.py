"""Generated Python imports what it uses, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from arckode_gen.engine.imports import order_names, with_imports

CASES = [
    pytest.param(
        '"""D."""\n\n\nclass A(Entity):\n    id: UUID\n',
        {},
        '"""D."""\n\nfrom uuid import UUID\n\nfrom shop.kernel.model import Entity\n'
        "\n\nclass A(Entity):\n    id: UUID\n",
        id="a section for the standard library and one for the project",
    ),
    pytest.param(
        '"""D."""\n\nWHEN = dt.date(2026, 1, 1)\nx = pytest\n',
        {},
        '"""D."""\n\nimport datetime as dt\n\nimport pytest\n\nWHEN = dt.date(2026, 1, 1)\nx = pytest\n',
        id="whole modules, under their usual names",
    ),
    pytest.param(
        '"""D."""\n\n\nclass Entity:\n    pass\n\n\nx = Entity\n',
        {},
        '"""D."""\n\n\nclass Entity:\n    pass\n\n\nx = Entity\n',
        id="what the file defines is not imported",
    ),
    pytest.param(
        '"""D."""\n\n__all__ = ["Order"]\n',
        {"Order": "shop.modules.orders.model"},
        '"""D."""\n\nfrom shop.modules.orders.model import Order\n\n__all__ = ["Order"]\n',
        id="what is exported is imported, though it is only a text",
    ),
    pytest.param(
        '"""D."""\n\n\nclass A:\n    count: int = 1\n',
        {},
        '"""D."""\n\n\nclass A:\n    count: int = 1\n',
        id="a field called like a function that is known is not a use of it",
    ),
    pytest.param(
        '"""D."""\n\nx = Order\ny = "UUID in a text"  # Decimal in a comment\n',
        {"Order": "shop.modules.orders.model"},
        '"""D."""\n\nfrom shop.modules.orders.model import Order\n'
        '\nx = Order\ny = "UUID in a text"  # Decimal in a comment\n',
        id="names of the module's own, and nothing for texts and comments",
    ),
]


@pytest.mark.parametrize(("source", "known", "expected"), CASES)
def test_the_imports_follow_from_the_code(source: str, known: dict[str, str], expected: str) -> None:
    assert with_imports(source, known, "shop") == expected


def test_a_long_import_is_wrapped_as_ruff_wraps_it() -> None:
    names = [f"AVeryLongNameOfAThing{number}" for number in range(8)]
    source = '"""D."""\n\n' + "\n".join(f"x{number} = {name}" for number, name in enumerate(names)) + "\n"
    written = with_imports(source, dict.fromkeys(names, "shop.things"), "shop")
    command = [sys.executable, "-m", "ruff", "format", "--check", "--line-length", "120", "-"]
    done = subprocess.run(command, input=written, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "from shop.things import (\n    AVeryLongNameOfAThing0,\n" in written


def test_names_are_in_the_order_of_isort() -> None:
    assert order_names({"unchanged", "ApiModel", "PUBLIC", "Url"}) == ["PUBLIC", "ApiModel", "Url", "unchanged"]
