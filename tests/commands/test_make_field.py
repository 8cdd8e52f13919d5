"""`make:field` in a module that people have edited: every edit stays, or nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_gen.errors import RefusedError, UsageError
from tests.commands.calls import ENVIRON, call
from tests.generated import must, run, tool, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODULE = "src/shop/modules/orders"
TESTS = "tests/modules/orders"
NEW = ("shipped_at:datetime:null", "priority:enum=low/high:default=low", "seller:belongs_to=customers:null")


def after(line: str, added: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert text.count(line) == 1, line
        return text.replace(line, f"{line}{added}")

    return edit


def before(line: str, added: str) -> Callable[[str], str]:
    return lambda text: after(line, "")(text).replace(line, f"{added}{line}")


def instead(old: str, new: str) -> Callable[[str], str]:
    return lambda text: after(old, "")(text).replace(old, new)


def at_end(added: str) -> Callable[[str], str]:
    return lambda text: f"{text}{added}"


# What people write by hand, where, and a part of it by which it is found again.
EDITS = [
    pytest.param(
        f"{MODULE}/model.py",
        at_end("    discount: Mapped[int] = mapped_column(default=0)\n"),
        "discount: Mapped[int] = mapped_column(default=0)",
        id="a column after the last one",
    ),
    pytest.param(
        f"{MODULE}/model.py",
        at_end("\n    @property\n    def is_free(self) -> bool:\n        return self.total == 0\n"),
        "def is_free(self) -> bool:\n        return self.total == 0",
        id="a property after the columns",
    ),
    pytest.param(
        f"{MODULE}/model.py",
        before("    total: Mapped", "    # in euros, without tax\n"),
        "    # in euros, without tax\n    total: Mapped",
        id="a comment above a column",
    ),
    pytest.param(
        f"{MODULE}/model.py",
        after('    __tablename__ = "orders"\n', '    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012\n'),
        "eager_defaults",
        id="a setting of the mapper",
    ),
    pytest.param(
        f"{MODULE}/model.py",
        after(
            "from sqlalchemy import ForeignKey\n", "from sqlalchemy.ext.hybrid import hybrid_property  # noqa: F401\n"
        ),
        "from sqlalchemy.ext.hybrid import hybrid_property",
        id="an import between those that change",
    ),
    pytest.param(
        f"{MODULE}/schemas.py",
        before("    created_at: dt.datetime\n", "    discount: int = 0\n"),
        "    discount: int = 0\n",
        id="a field that is shown",
    ),
    pytest.param(
        f"{MODULE}/schemas.py",
        before(
            "\n\nclass OrderUpdate",
            '\n    @field_validator("total")\n    @classmethod\n    def _whole(cls, value: Decimal) -> Decimal:\n'
            "        return value\n",
        ),
        "def _whole(cls, value: Decimal) -> Decimal:\n        return value",
        id="a validator after the last field",
    ),
    pytest.param(
        f"{MODULE}/schemas.py",
        instead("from pydantic import Field\n", "from pydantic import Field, field_validator\n"),
        "field_validator",
        id="a name more from a package that the new fields import from",
    ),
    pytest.param(
        f"{MODULE}/schemas.py",
        at_end("\n\nclass OrderSummary(ApiModel):\n    id: UUID\n"),
        "class OrderSummary(ApiModel):\n    id: UUID",
        id="a schema after the last one",
    ),
    pytest.param(
        f"{MODULE}/schemas.py",
        instead('"""What the API receives and shows of orders;', '"""Orders, as JSON;'),
        '"""Orders, as JSON;',
        id="another docstring",
    ),
    pytest.param(
        f"{MODULE}/service.py",
        at_end("\n    async def total_of(self, ids: Mapping[UUID, int]) -> int:\n        return len(ids)\n"),
        "async def total_of(self, ids: Mapping[UUID, int]) -> int:\n        return len(ids)",
        id="a method of the service",
    ),
    pytest.param(
        f"{MODULE}/service.py",
        instead(
            "        return await self._orders.create(values)\n",
            "        return await self._orders.create({**values})\n",
        ),
        "create({**values})",
        id="another line in a method",
    ),
    pytest.param(
        f"{MODULE}/controller.py",
        at_end("\n    async def ping(self) -> None:\n        return None\n"),
        "async def ping(self) -> None:\n        return None",
        id="an action",
    ),
    pytest.param(
        f"{MODULE}/repository.py",
        at_end("\n    async def recent(self) -> tuple[Order, ...]:\n        return await self.find_many(limit=5)\n"),
        "async def recent(self)",
        id="a query",
    ),
    pytest.param(
        f"{MODULE}/enums.py",
        at_end('    CANCELLED = "cancelled"\n'),
        '    CANCELLED = "cancelled"\n',
        id="a member of the enumeration",
    ),
    pytest.param(
        f"{TESTS}/test_api.py",
        at_end("\n\nasync def test_mine() -> None:\n    assert True\n"),
        "async def test_mine() -> None:\n    assert True",
        id="a test at the end",
    ),
    pytest.param(
        f"{TESTS}/test_service.py",
        at_end("\n\nasync def test_mine() -> None:\n    assert True\n"),
        "async def test_mine() -> None:\n    assert True",
        id="a test of the service at the end, where the new one goes",
    ),
    pytest.param(
        f"{TESTS}/factory.py",
        before("        **changes,\n    }\n", '        "status": "paid",\n'),
        '        "status": "paid",\n',
        id="a value in the factory",
    ),
    pytest.param(
        "src/shop/seeds/orders.py",
        instead("range(1, 4)", "range(1, 9)"),
        "range(1, 9)",
        id="more seeds",
    ),
    pytest.param(
        "src/shop/connectors/orders_customers.py",
        at_end("\n# ask sales before changing this\n"),
        "# ask sales before changing this",
        id="a comment in the connector",
    ),
]


def change(shop: Path, path: str, edit: Callable[[str], str]) -> None:
    file = shop / path
    file.write_text(edit(file.read_text()))


def assert_has_the_fields(shop: Path) -> None:
    model, schemas = (shop / f"{MODULE}/{name}.py" for name in ("model", "schemas"))
    assert "shipped_at: Mapped[dt.datetime | None]" in model.read_text()
    assert "priority: Mapped[OrderPriority]" in model.read_text()
    assert "seller_id: Mapped[UUID | None]" in model.read_text()
    assert schemas.read_text().count("    shipped_at: ") == 4
    assert "class OrderPriority(StrEnum):" in (shop / f"{MODULE}/enums.py").read_text()
    assert 'values.get("seller_id")' in (shop / f"{MODULE}/service.py").read_text()
    assert "test_seller_id_that_leads_nowhere" in (shop / f"{TESTS}/test_api.py").read_text()


@pytest.mark.parametrize(("path", "edit", "kept"), EDITS)
def test_an_edit_by_hand_stays_and_the_fields_come(
    shop: Path, path: str, edit: Callable[[str], str], kept: str
) -> None:
    change(shop, path, edit)
    assert call(shop, "make:field", "orders", *NEW).code == 0
    assert kept in (shop / path).read_text()
    assert_has_the_fields(shop)


def all_edits(shop: Path) -> None:
    for param in EDITS:
        path, edit, _ = param.values
        change(shop, str(path), edit)  # type: ignore[arg-type]  # pytest keeps the values of a row as objects


def test_a_module_with_all_these_edits_still_passes_its_own_checks(shop: Path) -> None:
    all_edits(shop)
    call(shop, "make:field", "orders", *NEW)
    assert_has_the_fields(shop)
    for param in EDITS:
        assert str(param.values[2]) in (shop / str(param.values[0])).read_text()
    must(tool(shop, "ruff", "check"))
    must(tool(shop, "mypy"))
    must(tool(shop, "pytest", "-q", "-p", "no:cacheprovider", "--deselect", f"{TESTS}/test_service.py::test_mine"))


@pytest.mark.parametrize("width", [79, 120])
def test_a_project_that_is_formatted_otherwise_takes_fields(shop: Path, width: int) -> None:
    all_edits(shop)
    settings = shop / "pyproject.toml"
    settings.write_text(settings.read_text().replace("line-length = 120", f"line-length = {width}"))
    must(tool(shop, "ruff", "format"))
    assert call(shop, "make:field", "orders", *NEW).code == 0
    assert_has_the_fields(shop)
    must(tool(shop, "ruff", "check", "--ignore", "E501"))


def test_fields_that_people_put_in_another_order_stay_so(shop: Path) -> None:
    model = shop / f"{MODULE}/model.py"
    lines = model.read_text().splitlines(keepends=True)
    first = next(at for at, line in enumerate(lines) if line.startswith("    customer_id"))
    model.write_text("".join((*lines[:first], *reversed(lines[first : first + 3]), *lines[first + 3 :])))
    call(shop, "make:field", "orders", *NEW)
    text = model.read_text()
    assert text.index("status:") < text.index("total:") < text.index("customer_id:")
    assert_has_the_fields(shop)


def test_a_file_that_was_deleted_stays_away_and_is_named(shop: Path) -> None:
    for path in (f"{TESTS}/test_service.py", "src/shop/seeds/orders.py"):
        (shop / path).unlink()
    heard = call(shop, "make:field", "orders", *NEW)
    assert f"{TESTS}/test_service.py was deleted and stays away" in heard.out
    assert not (shop / f"{TESTS}/test_service.py").exists()
    assert not (shop / "src/shop/seeds/orders.py").exists()
    assert_has_the_fields(shop)


CONFLICTS = [
    pytest.param(
        f"{MODULE}/schemas.py",
        instead('filterable: ClassVar[tuple[str, ...]] = ("', 'filterable: ClassVar[tuple[str, ...]] = ("note", "'),
        "|||||||",
        id="the line that lists what can be filtered by",
    ),
    pytest.param(
        f"{MODULE}/service.py",
        before(
            "        if missing:\n", '        if values.get("note") == "":\n            missing["note"] = "is empty"\n'
        ),
        'missing["note"] = "is empty"',
        id="a check in the same place of the same function",
    ),
    pytest.param(
        f"{MODULE}/model.py",
        after('    __tablename__ = "orders"\n', "    shipped_at: Mapped[int | None]\n"),
        "model.py: both declare Order.shipped_at",
        id="the same field by hand, elsewhere in the class",
    ),
    pytest.param(
        f"{MODULE}/model.py",
        at_end("    shipped_at: Mapped[int | None]\n"),
        "<<<<<<< yours\n        shipped_at: Mapped[int | None]\n",
        id="the same field by hand, where the new one goes",
    ),
]


@pytest.mark.parametrize(("path", "edit", "shown"), CONFLICTS)
def test_a_conflict_is_shown_and_nothing_is_written(
    shop: Path, path: str, edit: Callable[[str], str], shown: str
) -> None:
    change(shop, path, edit)
    was = tree(shop)
    with pytest.raises(RefusedError) as refused:
        call(shop, "make:field", "orders", *NEW)
    assert "make:field orders shipped_at priority seller: nothing was written" in refused.value.message
    assert f"  {path}: " in refused.value.message
    assert shown in refused.value.message
    assert "--markers" in refused.value.hint
    assert tree(shop) == was


def test_markers_hold_both_sides_of_a_conflict(shop: Path) -> None:
    change(shop, f"{MODULE}/service.py", before("        if missing:\n", "        missing.pop('x', None)\n"))
    heard = call(shop, "make:field", "orders", *NEW, "--markers")
    assert heard.code == 3
    settle = f"settle the conflict in {MODULE}/service.py"
    everything = f"{heard.out}\n{heard.said}"
    assert settle in everything.partition("arckode db:migrate")[0]
    text = (shop / f"{MODULE}/service.py").read_text()
    assert all(word in text for word in ("<<<<<<< yours", "missing.pop", "seller_id", ">>>>>>> generated now"))


def test_a_file_of_that_name_that_was_never_generated_is_refused(shop: Path) -> None:
    mine = shop / "src/shop/modules/customers/enums.py"
    mine.write_text('"""Mine."""\n')
    was = tree(shop)
    with pytest.raises(RefusedError, match=r"enums\.py exists and was not generated"):
        call(shop, "make:field", "customers", "tier:enum=gold/silver:null")
    assert tree(shop) == was


def test_the_same_fields_again_change_nothing(shop: Path) -> None:
    call(shop, "make:field", "orders", *NEW)
    was = tree(shop)
    heard = call(shop, "make:field", "Order", *NEW)
    assert heard.out.endswith("nothing to do, everything is there already")
    assert tree(shop) == was
    orders = json.loads((shop / ".arckode/units/module.orders.json").read_text())["values"]["field"]
    assert call(shop, "make:module", "orders", *orders).out.endswith("nothing to do, everything is there already")
    assert call(shop, "upgrade").out.endswith("nothing to do, everything is there already")
    assert tree(shop) == was


def test_undo_takes_the_fields_back(shop: Path) -> None:
    was = tree(shop)
    call(shop, "make:field", "orders", *NEW)
    call(shop, "undo")
    assert tree(shop) == was


def test_destroying_the_module_takes_its_fields_with_it(shop: Path) -> None:
    call(shop, "make:module", "parcels", "label")
    was = tree(shop)
    call(shop, "destroy:module", "parcels")
    without = tree(shop)
    call(shop, "make:module", "parcels", "label")
    call(shop, "make:field", "parcels", "weight:int:null")
    call(shop, "make:field", "parcels", "sender:belongs_to=customers:null")
    assert call(shop, "destroy:module", "parcels").code == 0
    assert tree(shop) == without != was


def test_a_field_migration_that_is_applied_is_taken_back_by_another(shop: Path) -> None:
    call(shop, "make:module", "parcels", "label")
    call(shop, "make:field", "parcels", "weight:int:default=1:index", "code:str:null:unique")
    assert call(shop, "db:migrate").code == 0
    with pytest.raises(RefusedError, match="add_weight_and_code_to_parcels is applied"):
        call(shop, "undo")
    assert call(shop, "destroy:module", "parcels").code == 0
    names = [path.name[13:] for path in sorted((shop / "src/shop/migrations").glob("2*.py"))]
    assert names[-2:] == ["remove_weight_and_code_from_parcels.py", "drop_parcels.py"]
    assert call(shop, "db:migrate").code == 0
    assert call(shop, "db:migrate", "--rollback", "6").code == 0


def test_dry_run_equals_run(shop: Path, tmp_path: Path) -> None:
    all_edits(shop)
    was = tree(shop)
    diff = call(shop, "make:field", "orders", *NEW, "--dry-run", "--diff").out
    assert tree(shop) == was
    must(run(shop, "git", "init", "-q", str(tmp_path / "copy")))
    for path, content in was.items():
        (tmp_path / "copy" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "copy" / path).write_bytes(content)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path / "copy", input=f"{diff}\n", text=True, check=True)
    call(shop, "make:field", "orders", *NEW)
    made = tree(shop)
    assert {path: content for path, content in tree(tmp_path / "copy").items() if not path.startswith(".git/")} == made


def test_json_is_the_plan(shop: Path) -> None:
    document = json.loads(call(shop, "make:field", "orders", *NEW, "--json").out)
    assert document["command"] == "make:field orders shipped_at priority seller"
    assert document["undo"]
    assert any("add_shipped_at_and_priority" in each["path"] for each in document["changes"])


def test_fields_with_patterns_come_from_a_file(shop: Path) -> None:
    (shop / "more.yml").write_text("- name: sku\n  type: str\n  pattern: '^[A-Z]{3}$'\n  'null': true\n")
    call(shop, "make:field", "orders", "--fields", "more.yml")
    assert 'pattern="^[A-Z]{3}$"' in (shop / f"{MODULE}/schemas.py").read_text()
    with pytest.raises(UsageError, match="fields were given twice"):
        call(shop, "make:field", "orders", "x:int:null", "--fields", "more.yml")


REFUSED = [
    pytest.param(["orders"], "no field was given", "make:field orders shipped_at", id="no field"),
    pytest.param(["ordrs", "x:int:null"], "there is no module 'ordrs'", "did you mean 'orders'?", id="no such module"),
    pytest.param(
        ["orders", "total:decimal=12.2"],
        "'total' is a field of orders already: total:decimal=12.2:min=0.00",
        "only adds",
        id="the name is taken by another field",
    ),
    pytest.param(
        ["orders", "customer_id:uuid:null"],
        "'customer_id' is a field of orders already: customer:belongs_to=customers",
        "only adds",
        id="the column is taken by a reference",
    ),
    pytest.param(
        ["orders", "code"],
        "'code' is required, and the rows that orders may hold have no value for it",
        "`code:str:null` or `code:str:default=...`",
        id="a required field",
    ),
    pytest.param(
        ["orders", "mail:email"],
        "'mail' is required",
        "write `mail:email:null`",
        id="a required field of a type without",
    ),
    pytest.param(["orders", "sku:str:unique"], "'sku' is required", "write `sku:str:null`,", id="required and unique"),
    pytest.param(
        ["orders", "shop:str:tenant"], "'shop' is required", "by hand", id="a tenant, which can never be empty"
    ),
    pytest.param(
        ["orders", "x:belongs_to=nothing:null"],
        "'nothings', which does not exist",
        "make it first",
        id="no such parent",
    ),
    pytest.param(["orders", "a:int:null", "a:str:null"], "'a' and 'a' are both called", "rename", id="twice at once"),
    pytest.param(["orders", "created_at:datetime:null"], "the kernel's model keeps itself", "", id="a kernel column"),
]


@pytest.mark.parametrize(("words", "said", "hint"), REFUSED)
def test_fields_that_cannot_be_added_are_refused(shop: Path, words: list[str], said: str, hint: str) -> None:
    was = tree(shop)
    with pytest.raises((UsageError, RefusedError)) as refused:
        call(shop, "make:field", *words)
    assert said in refused.value.message
    assert hint in refused.value.hint
    assert tree(shop) == was


def test_a_module_that_was_destroyed_takes_no_fields(shop: Path) -> None:
    call(shop, "destroy:module", "orders")
    with pytest.raises(UsageError, match="there is no module 'orders'"):
        call(shop, "make:field", "orders", "x:int:null")


def test_a_module_made_by_hand_takes_no_fields(shop: Path) -> None:
    (shop / "src/shop/modules/mine").mkdir()
    (shop / "src/shop/modules/mine/__init__.py").write_text('"""Mine."""\n')
    with pytest.raises(UsageError, match="the module 'mine' was not generated"):
        call(shop, "make:field", "mine", "x:int:null")


def test_a_module_of_other_templates_is_upgraded_first(shop: Path) -> None:
    unit = shop / ".arckode/units/module.orders.json"
    unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
    with pytest.raises(RefusedError, match="was generated from other templates") as refused:
        call(shop, "make:field", "orders", "x:int:null")
    assert "arckode upgrade" in refused.value.hint
    call(shop, "upgrade")
    assert call(shop, "make:field", "orders", "x:int:null").code == 0


def test_a_stub_of_the_project_s_own_that_writes_no_such_migration_is_refused(shop: Path) -> None:
    call(shop, "stub:publish", "module")
    stub = shop / ".arckode/stubs/module/stub.yml"
    lines = stub.read_text().splitlines(keepends=True)
    stub.write_text("".join(line for line in lines if "addition.py.jinja" not in line))
    call(shop, "upgrade")
    was = tree(shop)
    with pytest.raises(RefusedError, match="own stub 'module' has no file for `additions`"):
        call(shop, "make:field", "orders", "x:int:null")
    assert tree(shop) == was


def test_other_fields_for_the_same_module_point_to_make_field(shop: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        call(shop, "make:module", "orders", "customer:belongs_to=customers", "weight:int")
    assert refused.value.hint == "add fields to it with `arckode make:field orders weight:int`"


def test_the_database_is_then_what_the_models_say(shop: Path) -> None:
    """The default that older code needs is no difference, as long as the model fills the column itself."""
    call(shop, "make:field", "orders", *NEW, "code:str:null:unique", "at:datetime:default=now")
    call(shop, "db:migrate")
    assert json.loads(call(shop, "db:diff", "--json").out)["differences"] == []
    change(shop, f"{MODULE}/model.py", instead(", default=OrderPriority.LOW", ""))
    (found,) = json.loads(call(shop, "db:diff", "--json").out)["differences"]
    assert (found["kind"], found["name"]) == ("column", "priority")


def test_the_analyzer_finds_nothing_afterwards(shop: Path) -> None:
    call(shop, "make:field", "orders", *NEW, "code:str:null:unique", "at:datetime:default=now")
    done = run(shop, sys.executable, "-P", "-m", "arckode_gen", "analyze", "--strict", env=dict(ENVIRON))
    assert done.code == 0, done.text


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        pytest.param((), {"module": "orders", "field": ["shipped_at:datetime:null"]}, id="everything"),
        pytest.param(("orders",), {"field": [{"name": "shipped_at", "type": "datetime", "null": True}]}, id="fields"),
        pytest.param(("orders", "shipped_at:datetime:null"), {"markers": True}, id="a flag"),
    ],
)
def test_answers_may_hold_the_words(shop: Path, line: tuple[str, ...], answers: dict[str, object]) -> None:
    (shop / "answers.json").write_text(json.dumps(answers))
    call(shop, "make:field", *line, "--answers", "answers.json")
    assert "shipped_at" in (shop / MODULE / "model.py").read_text()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param({"modul": "orders"}, "make:field has no parameter 'modul'", id="an unknown word"),
        pytest.param({"field": ["a:int"]}, "'module' is missing", id="no module"),
        pytest.param({"module": 3, "field": []}, "'module' must be text, not 3", id="no text"),
        pytest.param({"module": "orders", "field": "a:int"}, "'field' must be a list, not 'a:int'", id="no list"),
        pytest.param({"module": "orders"}, "no field was given", id="no field"),
    ],
)
def test_answers_are_checked(shop: Path, answers: dict[str, object], said: str) -> None:
    (shop / "answers.json").write_text(json.dumps(answers))
    with pytest.raises(UsageError, match=said):
        call(shop, "make:field", "--answers", "answers.json")
    (shop / "answers.json").write_text(json.dumps({"field": ["a:int:null"]}))
    with pytest.raises(UsageError, match="given twice"):
        call(shop, "make:field", "orders", "b:int:null", "--answers", "answers.json")


def test_two_branches_that_add_fields_are_put_together_as_the_documentation_says(shop: Path) -> None:
    def git(*words: str) -> int:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        return subprocess.run(["git", *who, *words], cwd=shop, capture_output=True, check=False).returncode

    def commit(said: str) -> None:
        assert git("add", "-A") == git("commit", "-qm", said) == 0

    git("init", "-q", "-b", "main")
    commit("start")
    for branch, field in (("theirs", "code:str:null"), ("mine", "shipped_at:datetime:null")):
        git("checkout", "-q", "-b", branch, "main")
        call(shop, "make:field", "orders", field)
        commit(field)
    assert git("merge", "-q", "theirs") == 1
    assert git("merge", "--abort") == git("revert", "--no-edit", "HEAD") == git("merge", "-q", "theirs", "-m", "x") == 0
    assert call(shop, "make:field", "orders", "shipped_at:datetime:null").code == 0
    text = (shop / MODULE / "model.py").read_text()
    assert "code" in text
    assert "shipped_at" in text
    assert len(list((shop / "src/shop/migrations").glob("*_to_orders.py"))) == 2
    assert call(shop, "upgrade", "--check").code == 0
    assert call(shop, "db:migrate").code == 0
    assert call(shop, "db:diff").out.startswith("nothing differs")
