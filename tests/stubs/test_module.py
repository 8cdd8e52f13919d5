"""What `make:module` writes passes the project's own checks, whatever the fields."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.generated import arckode, must, run, tool, tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.generates


def test_ruff_finds_nothing(everything: Path) -> None:
    must(tool(everything, "ruff", "check"))


def test_ruff_would_format_nothing(everything: Path) -> None:
    must(tool(everything, "ruff", "format", "--check"))


def test_mypy_strict_finds_nothing(everything: Path) -> None:
    must(tool(everything, "mypy"))


def test_its_own_tests_pass(everything: Path) -> None:
    outcome = must(tool(everything, "pytest", "-q", "-p", "no:cacheprovider"))
    assert "skipped" not in outcome.stdout


def test_every_route_has_the_module_and_the_action_for_its_operation_id(everything: Path) -> None:
    script = (
        "import json\nfrom shop.composition_root import compose\nfrom shop.settings import Settings\n"
        "paths = compose(Settings()).asgi().openapi()['paths']\n"
        "print(json.dumps([o['operationId'] for p in paths.values() for o in p.values()]))"
    )
    ids = json.loads(must(run(everything / "src", sys.executable, "-c", script)).stdout)
    actions = ("index", "store", "show", "update", "destroy")
    assert {f"orders_{action}" for action in actions} < set(ids)
    assert len(ids) == len(set(ids))


def test_the_example_of_the_environment_starts_the_application(everything: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text((everything / ".env.example").read_text())
    place = {"PYTHONPATH": str(everything / "src")}
    must(run(tmp_path, sys.executable, "-c", "import shop.main", env=place))


def test_a_wrong_setting_is_one_line_and_no_traceback(everything: Path, tmp_path: Path) -> None:
    wrong = {"PYTHONPATH": str(everything / "src"), "DATABASE_URL": "nonsense"}
    ended = run(tmp_path, sys.executable, "-c", "import shop.main", env=wrong)
    assert ended.code == 1
    assert ended.stderr == "DATABASE_URL: this is not a database URL; write for instance sqlite:///./app.db\n"


def test_the_same_words_twice_change_nothing(shop: Path) -> None:
    words = ("make:module", "orders", "total:decimal=12.2", "status:enum=draft/paid")
    must(arckode(shop, *words))
    before = tree(shop)
    again = must(arckode(shop, *words))
    assert tree(shop) == before
    assert "nothing to do" in again.stdout


def test_a_dry_run_writes_nothing_and_its_diff_makes_the_same_tree(shop: Path) -> None:
    words = ("make:module", "orders", "total:decimal=12.2")
    before = tree(shop)
    diff = must(arckode(shop, *words, "--dry-run", "--diff")).stdout
    assert tree(shop) == before
    must(run(shop, "git", "init", "-q"))
    must(run(shop, "git", "apply", "-", stdin=diff))
    applied = tree(shop)
    must(run(shop, "git", "apply", "-R", "-", stdin=diff))
    must(arckode(shop, *words))
    made = tree(shop)
    assert {path: applied[path] for path in made if not path.startswith(".git/")} == {
        path: content for path, content in made.items() if not path.startswith(".git/")
    }


def test_undo_takes_everything_back(shop: Path) -> None:
    before = tree(shop)
    must(arckode(shop, "make:module", "orders", "total:decimal=12.2"))
    must(arckode(shop, "undo"))
    assert tree(shop) == before


def test_a_module_whose_migration_is_applied_is_not_undone(shop: Path) -> None:
    must(arckode(shop, "make:module", "orders", "total:decimal=12.2"))
    must(arckode(shop, "db:migrate"))
    before = tree(shop)
    refused = arckode(shop, "undo")
    assert refused.code == 3
    assert "is applied on sqlite ./shop.db" in refused.stderr
    assert "arckode db:migrate --rollback" in refused.stderr
    assert tree(shop) == before
    must(arckode(shop, "db:migrate", "--rollback"))
    must(arckode(shop, "undo"))
    assert not (shop / "src/shop/modules/orders").exists()


def test_json_is_one_object_on_standard_output(shop: Path) -> None:
    plan = json.loads(must(arckode(shop, "make:module", "orders", "total", "--json")).stdout)
    assert plan["command"] == "make:module orders"
    assert {change["action"] for change in plan["changes"]} == {"create", "update"}


def test_fields_may_come_from_a_file_with_patterns(shop: Path) -> None:
    (shop / "fields.yml").write_text(
        "- name: sku\n  type: str\n  pattern: '^[A-Z]{3}-[0-9]{2}$'\n- 'price:decimal=8.2'\n"
    )
    must(arckode(shop, "make:module", "products", "--fields", "fields.yml"))
    assert 'pattern="^[A-Z]{3}-[0-9]{2}$"' in (shop / "src/shop/modules/products/schemas.py").read_text()
    must(tool(shop, "ruff", "format", "--check"))
    must(tool(shop, "pytest", "-q"))


def test_answers_may_come_as_json_on_standard_input(shop: Path) -> None:
    answers = json.dumps({"name": "products", "fields": ["sku:str:unique", {"name": "price", "type": "decimal=8.2"}]})
    must(arckode(shop, "make:module", "--answers", "-", stdin=answers))
    assert (shop / "src/shop/modules/products/model.py").is_file()


def test_a_name_on_the_command_line_and_another_in_the_answers_is_refused(shop: Path) -> None:
    refused = arckode(shop, "make:module", "--answers", "-", "label:str", stdin='{"name": "tags"}')
    assert refused.code == 2
    assert "--answers says name is 'tags', the command line 'label:str'" in refused.stderr


REFUSED = [
    pytest.param(["orders", "total:decimall"], 2, "did you mean 'decimal'?", id="an unknown type names the nearest"),
    pytest.param(["orders", "a", "a:int"], 2, "a", id="a field that is said twice"),
    pytest.param(["orders", "select:str"], 2, "'select' is a reserved word in SQL", id="a reserved column"),
    pytest.param(["class"], 2, "class", id="a Python keyword"),
    pytest.param(["data", "x:int"], 2, "--plural", id="a word whose number cannot be told"),
    pytest.param(["orders", "c:belongs_to=customers"], 2, "make it first", id="a reference to no module"),
    pytest.param(["orders", "lines:has_many=lines"], 2, "it will hold the id", id="a relation without a column"),
    pytest.param(["orders", "parent:belongs_to=orders"], 2, ":null", id="a row that must refer to one before it"),
    pytest.param(["orders", "x:int", "--fieldz", "y"], 2, "no option '--fieldz'", id="an unknown flag"),
    pytest.param([], 2, "NAME", id="no name at all"),
    pytest.param(["orders", "--table", "My Orders"], 2, "snake_case", id="a table that is no name"),
    pytest.param(["orders", "s:enum=a/b:default=c"], 2, "c", id="a default outside the enumeration"),
    pytest.param(["orders", "s:enum=a,b"], 2, "write `enum=a/b`", id="an enumeration with commas"),
    pytest.param(["orders", "--fields", "none.yml"], 2, "none.yml", id="a file that is not there"),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED)
def test_bad_words_are_refused_and_nothing_is_written(shop: Path, words: list[str], code: int, said: str) -> None:
    before = tree(shop)
    outcome = arckode(shop, "make:module", *words)
    assert outcome.code == code, outcome.text
    assert said in outcome.stderr
    assert "Traceback" not in outcome.text
    assert tree(shop) == before


def test_names_that_the_kernel_uses_itself_are_dodged(shop: Path) -> None:
    words = (
        "listing",
        "filterable:int",
        "sortable",
        "l:bigint",
        "title",
        "title_contains",
        "price:int",
        "price_gte:int",
    )
    must(arckode(shop, "make:module", "reports", *words))
    must(tool(shop, "ruff", "check"))
    must(tool(shop, "mypy"))
    must(tool(shop, "pytest", "-q"))


def test_a_line_that_is_too_long_is_wrapped_as_ruff_wraps_it(shop: Path) -> None:
    long = "category_of_what_was_bought"
    must(arckode(shop, "make:module", "receipts", f"{long}:decimal=11.0:min=160:max=217", f"{long}_b:int:min=1:max=9"))
    must(tool(shop, "ruff", "check"))
    must(tool(shop, "ruff", "format", "--check"))
    assert "Annotated[\n        Decimal,\n" in (shop / "src/shop/modules/receipts/schemas.py").read_text()


def test_the_door_imports_what_it_exports(everything: Path) -> None:
    script = "import shop.modules.orders as door; assert all(hasattr(door, name) for name in door.__all__)"
    must(run(everything / "src", sys.executable, "-c", script))


def test_another_module_of_the_same_name_is_refused(shop: Path) -> None:
    must(arckode(shop, "make:module", "orders", "total:int"))
    before = tree(shop)
    outcome = arckode(shop, "make:module", "orders", "total:int", "note:text")
    assert outcome.code == 3
    assert "exists and was generated from other words" in outcome.stderr
    assert tree(shop) == before


def test_a_folder_that_was_never_generated_is_not_touched(shop: Path) -> None:
    mine = shop / "src/shop/modules/orders/service.py"
    mine.parent.mkdir()
    mine.write_text("# mine\n")
    before = tree(shop)
    outcome = arckode(shop, "make:module", "orders")
    assert outcome.code == 3
    assert "service.py exists and was not generated" in outcome.stderr
    assert tree(shop) == before


ROOTS = [
    pytest.param(None, "is missing", id="it was deleted"),
    pytest.param("def compose(:\n", "make room for, or paste", id="it does not parse"),
    pytest.param("kernel = 1\n", "make room for, or paste", id="it has no compose function"),
]


@pytest.mark.parametrize(("text", "said"), ROOTS)
def test_a_composition_root_that_cannot_be_wired_stops_everything(shop: Path, text: str | None, said: str) -> None:
    root = shop / "src/shop/composition_root.py"
    root.unlink()
    if text is not None:
        root.write_text(text)
    before = tree(shop)
    outcome = arckode(shop, "make:module", "orders")
    assert outcome.code == 3, outcome.text
    assert said in outcome.stderr
    assert "register_orders(kernel)" in outcome.stderr
    assert tree(shop) == before


def test_a_module_edited_by_hand_is_left_alone_by_the_same_words(shop: Path) -> None:
    must(arckode(shop, "make:module", "orders", "total:int"))
    service = shop / "src/shop/modules/orders/service.py"
    service.write_text(service.read_text() + "\n# mine\n")
    must(arckode(shop, "make:module", "orders", "total:int"))
    assert service.read_text().endswith("# mine\n")
