"""Connectors, helpers, use cases, layers, migrations and seeds: what is refused, what is shared, what comes out again.

`tests/keeping` holds every generator to its dry run and to its inverse.
"""

from __future__ import annotations

import ast
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from arckode_gen import resources
from arckode_gen.engine.services import hidden
from arckode_gen.errors import ArckodeError, RefusedError, UsageError
from tests.commands.calls import arckode, call
from tests.generated import must, tool
from tests.shell.trees import tree
from tests.stubs.growing import GENERATORS, copied, small_project

SERVICE = "src/shop/modules/orders/service.py"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project(tmp_path_factory.mktemp("generators"))


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Path:
    return copied(template, tmp_path)


@settings(max_examples=3, phases=[Phase.generate])
@given(st.permutations(range(len(GENERATORS))), st.permutations(range(len(GENERATORS))), st.integers(5, 14))
def test_whatever_is_made_between_all_of_it_comes_out_again(
    template: Path, order: list[int], back: list[int], count: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = copied(template, Path(folder))
        before = tree(root)
        chosen = order[:count]
        for at in chosen:
            assert call(root, *GENERATORS[at].make).code == 0
            assert call(root, *GENERATORS[at].make).out.endswith("nothing to do, everything is there already")
        call(root, "make:module", "pets", "name")
        for at in (each for each in back if each in chosen):
            assert call(root, *GENERATORS[at].destroy).code == 0
        call(root, "destroy:module", "pets")
        assert tree(root) == before


def test_a_module_is_kept_while_something_joins_or_extends_it(shop: Path) -> None:
    call(shop, "make:usecase", "orders", "confirm_order")
    with pytest.raises(RefusedError, match="is needed by the usecase 'orders_confirm_order'") as refused:
        call(shop, "destroy:module", "orders")
    assert refused.value.hint == "destroy what needs it first: `arckode destroy:usecase orders confirm_order`"
    call(shop, *refused.value.hint.split("`")[1].split()[1:])
    call(shop, "make:connector", "orders", "articles", "--on", "orders.paid", "--call", "note")
    with pytest.raises(RefusedError) as refused:
        call(shop, "destroy:module", "articles")
    assert refused.value.hint.endswith("`arckode destroy:connector orders articles --on orders.paid`")


def test_what_a_person_uses_is_not_taken_out(shop: Path) -> None:
    call(shop, "make:connector", "orders", "customers")
    service = shop / SERVICE
    text = service.read_text()
    service.write_text(
        text.replace(
            "        return found\n", "        await self.customers.get().exists(order_id)\n        return found\n"
        )
    )
    before = tree(shop)
    with pytest.raises(RefusedError, match=r"service\.py: line \d+ still uses `self\.customers`"):
        call(shop, "destroy:connector", "orders", "customers")
    assert tree(shop) == before
    service.write_text(text)
    assert call(shop, "destroy:connector", "orders", "customers").code == 0


def test_a_method_that_was_edited_stays_and_stops_what_it_needs(shop: Path) -> None:
    call(shop, "make:usecase", "orders", "confirm_order")
    service = shop / SERVICE
    service.write_text(
        service.read_text().replace("return await self._confirm_order", "found = await self._confirm_order") + "\n"
    )
    with pytest.raises(RefusedError, match=r"still uses `self\._confirm_order`"):
        call(shop, "destroy:usecase", "orders", "confirm_order")


def test_a_line_that_a_person_wrote_before_is_never_taken_out(shop: Path) -> None:
    root = shop / "src/shop/composition_root.py"
    text = root.read_text().replace(
        "from shop.settings", "from shop.middleware.logging_x import use_logging_x\nfrom shop.settings"
    )
    root.write_text(text)
    call(shop, "make:middleware", "logging_x")
    call(shop, "destroy:middleware", "logging_x")
    assert root.read_text() == text


def test_the_bus_comes_with_the_first_that_needs_it_and_goes_with_the_last(shop: Path) -> None:
    before = tree(shop)
    bus, root = shop / "src/shop/kernel/bus.py", shop / "src/shop/composition_root.py"
    call(shop, "make:connector", "orders", "articles", "--on", "orders.confirmed", "--call", "note")
    call(shop, "make:connector", "orders", "articles", "--on", "orders.paid", "--call", "note")
    lines = root.read_text().splitlines()
    assert lines.index("    use_events(kernel)") < lines.index("    register_articles(kernel)")
    call(shop, "destroy:connector", "orders", "articles", "--on", "orders.confirmed")
    assert bus.is_file()
    call(shop, "destroy:connector", "orders", "articles", "--on", "orders.paid")
    assert tree(shop) == before


def test_the_bus_stays_while_code_of_ones_own_uses_it(shop: Path) -> None:
    make = ("make:connector", "orders", "articles", "--on", "orders.paid", "--call", "note")
    destroy = ("destroy:connector", "orders", "articles", "--on", "orders.paid")
    bus, root = shop / "src/shop/kernel/bus.py", shop / "src/shop/composition_root.py"
    call(shop, *make)
    mine = shop / "src/shop/modules/orders/paying.py"
    mine.write_text("from shop.kernel.bus import EventBus\n")
    heard = call(shop, *destroy)
    assert heard.code == 0
    kept = "kept: src/shop/kernel/bus.py, src/shop/kernel/bus_testing.py, used by src/shop/modules/orders/paying.py"
    assert kept in heard.out
    for _ in range(2):  # what was kept is the project's own: it is used again, and stays again
        assert bus.is_file()
        assert root.read_text().count("use_events") == 2
        mine.unlink(missing_ok=True)
        call(shop, *make)
        call(shop, *destroy)


def test_an_upgrade_brings_a_part_of_the_kernel_up_to_date(shop: Path) -> None:
    call(shop, "make:connector", "orders", "articles", "--on", "orders.confirmed", "--call", "note")
    call(shop, "make:connector", "orders", "articles", "--on", "orders.paid", "--call", "note")
    assert call(shop, "upgrade", "--check").code == 0
    bus = shop / "src/shop/kernel/bus.py"
    new = bus.read_text()
    for file in (bus, shop / ".arckode/base/src/shop/kernel/bus.py"):
        file.write_text(new.replace("Nothing is stored.", "Nothing is kept."))
    for unit in (shop / ".arckode/units").glob("connector.*.json"):
        unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
    stale = json.loads(call(shop, "upgrade", "--check", "--json").out)["stale"]
    assert stale == ["connector.orders_articles_on_confirmed", "connector.orders_articles_on_paid"]
    call(shop, "upgrade")
    assert bus.read_text() == new
    assert call(shop, "upgrade", "--check").code == 0


@pytest.mark.parametrize("command", ["make:stream", "make:websocket"])
def test_long_names_are_wrapped_as_ruff_wraps_them(shop: Path, command: str) -> None:
    call(shop, "make:job", "export_the_report_of_all_that_was_ever_sold")
    job = ("--job", "export_the_report_of_all_that_was_ever_sold") if command == "make:websocket" else ()
    call(shop, command, "x" * 50, "--access", f"{'m' * 50}:{'a' * 50}", *job)
    must(tool(shop, "ruff", "format", "--check"))
    must(tool(shop, "ruff", "check"))


# Refusals


REFUSED: list[tuple[str, type[ArckodeError], str, str]] = [
    (
        "make:connector orders nobody",
        UsageError,
        "there is no module 'nobody'",
        "there are articles, customers, notes, orders",
    ),
    ("make:connector ordrs customers", UsageError, "there is no module 'ordrs'", "did you mean 'orders'?"),
    ("make:connector orders orders", UsageError, "'orders' is one module", "call its service itself"),
    ("make:connector orders or-ders!", UsageError, "has the character '!'", "did you mean 'or_ders'?"),
    ("make:connector orders articles --on confirmed --call note", UsageError, "module.action", "orders.confirmed"),
    ("make:connector orders articles --on orders.* --call note", UsageError, "module.action", "orders.confirmed"),
    ("make:connector orders articles --on Orders.Paid --call note", UsageError, "small letters", "orders.confirmed"),
    (
        "make:connector orders articles --on system.started --call note",
        UsageError,
        "no event of 'orders'",
        "orders.started",
    ),
    ("make:connector orders articles --on orders.confirm --call note", UsageError, "no past tense", "past tense"),
    ("make:connector orders articles --on orders.confirmed", UsageError, "--on needs --call", "--call reserve_stock"),
    (
        "make:connector orders articles --on orders.confirmed --call notes",
        UsageError,
        "has no method 'notes'",
        "'note'",
    ),
    (
        "make:connector orders articles --call ship_it",
        UsageError,
        "has no method 'ship_it'",
        "async def ship_it(self, ...)",
    ),
    (
        "make:connector orders articles --call get_by_id",
        UsageError,
        "uses `Article`, which only the module 'articles' may know",
        "plain types",
    ),
    ("make:connector orders articles --call recount", UsageError, "uses `Article`", "plain types"),
    ("make:event accounts frozen", UsageError, "accounts: there is no such aggregate", "there are notes"),
    ("make:event notes created", UsageError, "created is there already", "such as frozen"),
    ("make:event notes pinned --command create_note", UsageError, "pinned is there already", "such as frozen"),
    ("make:event notes confirm", UsageError, "no past tense", "such as frozen"),
    ("make:event notes moved_to_where_nobody_ever_looks", UsageError, "at most 30 letters", "shorten it"),
    ("make:event notes pinned text:int", UsageError, "'text' of notes is of the type text", "say `text` alone"),
    ("make:event notes pinned code:unique", UsageError, "unique is about a table", "leave it out"),
    ("make:event notes pinned doc:file", UsageError, "an event cannot carry the type file", "do not belong into"),
    ("make:command rename --of accounts --change text", UsageError, "there is no such aggregate", "there are notes"),
    ("make:command rename --of notes --change txt", UsageError, "notes have no such field", "did you mean 'text'?"),
    ("make:command rename --of notes --change ,", UsageError, "--change names no field", "notes have text"),
    ("make:command create --of notes --change text", UsageError, "create is there already", "rename_account"),
    ("make:query saying --of scribles --where text", UsageError, "there is no such projection", "'scribbles'?"),
    ("make:query saying --of scribbles --where titel", UsageError, "no such field to ask by", "did you mean 'title'?"),
    ("make:query saying --of scribbles --where ,", UsageError, "--where names no field", "asked by title"),
    ("make:query list --of scribbles --where title", UsageError, "'list'", "list_value"),
    ("make:query show --of scribbles --where title", UsageError, "show is there already", "accounts_of_owner"),
    (
        "make:query everything_that_anybody_ever_said --of scribbles --where title",
        UsageError,
        "at most 30 letters",
        "shorten it",
    ),
    ("make:command change_note --of notes --change text", UsageError, "change_note is there already", "what it does"),
    ("make:projection items --of accounts", UsageError, "--of accounts: there is no such aggregate", "there are notes"),
    ("make:projection items --of nodes", UsageError, "--of nodes: there is no such aggregate", "did you mean 'notes'?"),
    ("make:projection orders --of notes", UsageError, "orders is a module already", "make:projection note_overviews"),
    ("make:projection notes --of notes", UsageError, "notes is an aggregate already", "note_overviews --of notes"),
    ("make:projection overviews_of_everything --of notes", UsageError, "has at most 21 letters", "shorten it"),
    ("make:stream feed --access nobody", UsageError, "--access nobody: this is no access", "module:action"),
    ("make:webhook-receiver print", UsageError, "would hide Python's own `print`", "print_value"),
    ("make:job print", UsageError, "would hide Python's own `print`", "print_value"),
    ("make:job tidy --every 5", UsageError, "--every 5: this is no time", "15m"),
    ("make:job tidy --cron daily", UsageError, "not the five fields of cron", "in quotes"),
    ("make:job tidy --every 5m --on orders.paid", UsageError, "--every and --on", "one job each"),
    ("make:job tidy --on orders", UsageError, "module.action", "customers.created"),
    ("make:job tidy --on orders.pay", UsageError, "no past tense", "past tense"),
    ("make:websocket news --access everybody", UsageError, "this is no access", "signed-in"),
    ("make:websocket news --job export", UsageError, "there is no such job", "arckode make:job export"),
    ("make:helper class", UsageError, "a word of Python's own", "class_value"),
    ("make:helper list", UsageError, "would hide Python's own `list`", "list_value"),
    ("make:helper json", UsageError, "of the standard library", "json_value"),
    ("make:helper 3d", UsageError, "starts with a digit", "n3d"),
    ("make:helper ñandú", UsageError, "has the character 'ñ'", "niandu"),
    ("make:middleware scope", UsageError, "a name that every layer uses", "scope_layer"),
    ("make:middleware events", UsageError, "a name that every layer uses", "events_layer"),
    ("make:usecase nobody confirm", UsageError, "there is no module 'nobody'", "orders"),
    ("make:usecase orders create", RefusedError, "OrdersService has `create` already", "confirm_order"),
    ("make:usecase orders order", RefusedError, "Order means something else", "confirm_order"),
    ("make:usecase orders import", UsageError, "a word of Python's own", "import_value"),
    ("make:migration create_orders", RefusedError, "is called so already", "create_orders_again"),
    ("make:migration add-index!", UsageError, "has the character '!'", "add_index"),
    (
        "make:seed orders",
        RefusedError,
        "src/shop/seeds/orders.py is there already",
        "make:seed more_orders --module orders",
    ),
    ("make:seed x --module ordrs", UsageError, "there is no module 'ordrs'", "did you mean 'orders'?"),
    ("make:seed None", UsageError, "'none'", ""),
]


@pytest.mark.parametrize(("words", "kind", "said", "hint"), REFUSED, ids=[row[0] for row in REFUSED])
def test_bad_words_are_refused_before_anything_is_written(
    shop: Path, words: str, kind: type[ArckodeError], said: str, hint: str
) -> None:
    before = tree(shop)
    with pytest.raises(kind) as refused:
        call(shop, *words.split())
    assert said in refused.value.message
    assert hint in refused.value.hint
    assert tree(shop) == before


def test_a_module_is_known_by_its_singular_too(shop: Path) -> None:
    before = tree(shop)
    call(shop, "make:connector", "order", "Customer")
    assert (shop / "src/shop/connectors/orders_customers.py").is_file()
    assert "nothing to do" in call(shop, "make:connector", "orders", "customers").out
    call(shop, "make:usecase", "order", "confirm")
    call(shop, "make:seed", "busy", "--module", "order")
    for line in ("destroy:usecase order confirm", "destroy:seed busy", "destroy:connector order customer"):
        assert call(shop, *line.split()).code == 0
    assert tree(shop) == before


def test_a_refusal_is_an_exit_code_and_a_line_for_a_person(shop: Path) -> None:
    heard = arckode(shop, "make:connector", "orders", "nobody", code=2)
    assert heard.said.startswith("error: there is no module 'nobody'\n")
    heard = arckode(shop, "make:seed", "orders", code=3)
    assert "is there already" in heard.said
    assert "METHOD" in arckode(shop, "make:connector", "--help").out


SERVICES: list[tuple[str, str, str, str]] = [
    ("class Orders: ...", "customers", "has no class OrdersService", "name the module's service so"),
    ("def broken(:", "customers", "cannot be read", "repair it first"),
    (
        "class OrdersService:\n    def __init__(self):\n        self.customers = 1\n",
        "customers",
        "has `self.customers` already",
        "rename that",
    ),
]


@pytest.mark.parametrize(("text", "other", "said", "hint"), SERVICES)
def test_a_module_of_ones_own_that_cannot_ask_is_refused(
    shop: Path, text: str, other: str, said: str, hint: str
) -> None:
    (shop / SERVICE).write_text(text)
    before = tree(shop)
    with pytest.raises(ArckodeError) as refused:
        call(shop, "make:connector", "orders", other)
    assert said in refused.value.message
    assert hint in refused.value.hint
    assert tree(shop) == before


METHODS: list[tuple[str, str, str]] = [
    ("async def ask(self, *ids: int) -> int: ...", "takes *args or **kwargs", "named parameters"),
    ("async def ask(self, order) -> int: ...", "no annotation for the parameter 'order'", "annotate it"),
    ("async def ask(self, order: int): ...", "no annotation for its result", "annotate it"),
    ("async def ask(self, order: set[int]) -> int: ...", "knows no example", "str, int, bool"),
    ("async def ask(self, order: 'Order') -> int: ...", "uses `Order`", "plain types"),
    (
        "async def ask(self) -> list[str]: ...",
        "is annotated with `list[str]`, in a class",
        "`builtins.list[...]`",
    ),
    ("async def ask(self, orders: 'list[int]' = ()) -> int: ...", "annotated with `list[int]`", "`Sequence[...]`"),
]


@pytest.mark.parametrize(("method", "said", "hint"), METHODS)
def test_a_method_that_cannot_be_joined_is_refused(shop: Path, method: str, said: str, hint: str) -> None:
    service = shop / SERVICE
    service.write_text(f"{service.read_text()}\n    {method}\n")
    before = tree(shop)
    with pytest.raises(UsageError) as refused:
        call(shop, "make:connector", "customers", "orders", "--call", "ask")
    assert said in refused.value.message
    assert hint in refused.value.hint
    assert tree(shop) == before


@pytest.mark.parametrize(("result", "said"), [("bool", "answer is True"), ("str | None", "answer is None")])
def test_the_test_of_a_connector_passes_the_projects_own_linter(shop: Path, result: str, said: str) -> None:
    service = shop / SERVICE
    service.write_text(f"{service.read_text()}\n    async def ask(self) -> {result}:\n        return None\n")
    call(shop, "make:connector", "customers", "orders", "--call", "ask")
    test = shop / "tests/connectors/test_customers_orders.py"
    assert f"    assert {said}\n" in test.read_text()
    must(tool(shop, "ruff", "check", str(test)))


@pytest.mark.parametrize("result", ["Sequence[str]", "builtins.list[str]"])
def test_a_list_below_a_method_of_that_name_is_joined_as_the_refusal_says(shop: Path, result: str) -> None:
    service = shop / SERVICE
    text = service.read_text().replace(
        "from collections.abc import Mapping\n", "import builtins\nfrom collections.abc import Mapping, Sequence\n"
    )
    service.write_text(f"{text}\n    async def ask(self) -> {result}:\n        return []\n")
    call(shop, "make:connector", "customers", "orders", "--call", "ask")
    must(tool(shop, "pytest", "-q", "-p", "no:cacheprovider", "tests/connectors"))


def test_no_generated_annotation_uses_a_name_that_a_method_above_took() -> None:
    for file in resources.folder("stubs").glob("*/examples/expected/**/*.py.txt"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                functions = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
                for at, each in enumerate(functions):
                    assert hidden(each, functions[:at]) == "", f"{file}: {each.name}"


def test_a_parameter_that_no_event_can_carry_is_refused(shop: Path) -> None:
    service = shop / SERVICE
    service.write_text(f"{service.read_text()}\n    async def ask(self, json: str) -> None: ...\n")
    with pytest.raises(UsageError, match="takes 'json', which no model") as refused:
        call(shop, "make:connector", "customers", "orders", "--on", "customers.created", "--call", "ask")
    assert refused.value.hint == "rename the parameter, for instance to `json_value`"


def test_a_property_is_no_method(shop: Path) -> None:
    service = shop / SERVICE
    service.write_text(f"{service.read_text()}\n    @property\n    def size(self) -> int:\n        return 1\n")
    with pytest.raises(UsageError, match="has no method 'size'"):
        call(shop, "make:connector", "customers", "orders", "--call", "size")


def test_a_module_that_offers_nothing_cannot_be_joined(shop: Path) -> None:
    (shop / "src/shop/modules/articles/__init__.py").write_text('"""Nothing."""\n')
    with pytest.raises(UsageError, match="does not offer ArticlesService") as refused:
        call(shop, "make:connector", "orders", "articles")
    assert "name it in `__all__`" in refused.value.hint
    (shop / "src/shop/modules/articles/service.py").unlink()
    with pytest.raises(UsageError, match=r"articles/service\.py is not there"):
        call(shop, "make:connector", "orders", "articles")


def test_what_a_reference_joined_is_not_joined_twice(shop: Path) -> None:
    call(shop, "make:module", "visits", "customer:belongs_to=customers")
    before = tree(shop)
    with pytest.raises(RefusedError, match="joins visits and customers already") as refused:
        call(shop, "make:connector", "visits", "customers")
    assert "add the method to that connector" in refused.value.hint
    assert tree(shop) == before


def test_another_question_to_the_same_module_is_refused(shop: Path) -> None:
    call(shop, "make:connector", "orders", "articles", "--call", "price_of")
    with pytest.raises(RefusedError, match="exists and was generated from other words") as refused:
        call(shop, "make:connector", "orders", "articles", "--call", "words_for")
    assert "in the connector `orders_articles` and in the protocol of its port" in refused.value.hint


def test_a_service_without_rows_has_no_use_case(shop: Path) -> None:
    (shop / SERVICE).write_text("class OrdersService:\n    def __init__(self) -> None: ...\n")
    with pytest.raises(UsageError, match="takes no RepositoryAdapter"):
        call(shop, "make:usecase", "orders", "confirm_order")


AGGREGATE = "src/shop/modules/notes/aggregate.py"


def test_an_aggregate_that_a_person_edited_gets_an_event_and_loses_it_again(shop: Path) -> None:
    file = shop / AGGREGATE
    own = 'class NoteSigned(EventData):\n    """Ours."""\n\n    type: ClassVar[str] = "notes.signed"\n\n\n'
    edited = (
        file.read_text()
        .replace("class CreateNote(", f"{own}class CreateNote(")
        .replace("        case RemoveNote():\n", "        # Last of all.\n        case RemoveNote():\n")
    )
    file.write_text(edited.replace("(NoteCreated, ", "(NoteSigned, NoteCreated, "))
    before = tree(shop)
    call(shop, "make:event", "note", "pinned", "title")
    text = file.read_text()
    assert text.index("class NoteSigned(") < text.index("class NotePinned(") < text.index("class CreateNote(")
    assert "events=(NoteSigned, NoteCreated, NoteChanged, NoteRemoved, NotePinned)," in text
    assert "return replace(state, title=event.title)" in text
    call(shop, "destroy:event", "note", "pinned")
    assert tree(shop) == before


def test_an_aggregate_without_a_place_is_refused_with_what_to_paste(shop: Path) -> None:
    file = shop / AGGREGATE
    file.write_text(
        file.read_text().replace("    match event:\n", "    match (event):\n        case _: pass\n    match event:\n")
    )
    before = tree(shop)
    with pytest.raises(RefusedError) as refused:
        call(shop, "make:event", "notes", "pinned")
    assert "'evolve' does not hold exactly one `match`; make room for, or paste:" in refused.value.message
    assert "case NotePinned() if state is not None:" in refused.value.message
    assert tree(shop) == before


def test_a_service_that_cannot_take_the_lines_is_refused_with_what_to_paste(shop: Path) -> None:
    (shop / SERVICE).write_text(
        "from shop.kernel.repository import RepositoryAdapter\nfrom shop.modules.orders.model import Order\n\n\n"
        "class OrdersService:\n    def __init__(self, orders: RepositoryAdapter[Order]) -> None: self.orders = orders\n"
    )
    before = tree(shop)
    with pytest.raises(RefusedError) as refused:
        call(shop, "make:usecase", "orders", "confirm_order")
    assert "self._confirm_order = ConfirmOrder(orders)" in refused.value.message
    assert tree(shop) == before


def test_a_seed_for_a_module_without_a_repository_is_refused(shop: Path) -> None:
    (shop / "src/shop/modules/orders/repository.py").unlink()
    with pytest.raises(UsageError, match="has no class OrdersRepository"):
        call(shop, "make:seed", "busy_week", "--module", "orders")


def test_a_module_written_by_hand_is_joined_like_a_generated_one(shop: Path) -> None:
    place = shop / "src/shop/modules/stock"
    place.mkdir()
    (place / "__init__.py").write_text("from shop.modules.stock.service import StockService as StockService\n")
    (place / "service.py").write_text(
        "class StockService:\n    def free(self, key: str) -> bool:\n        return bool(key)\n"
    )
    call(shop, "make:connector", "orders", "stock", "--call", "free")
    text = (shop / "src/shop/connectors/orders_stock.py").read_text()
    assert "    def free(self, key: str) -> bool:\n        return self._stock.free(key)\n" in text
    (place / "repository.py").write_text("class StockRepository: ...\n")
    call(shop, "make:seed", "stock")
    assert "StockRepository(kernel.database), rows)" in (shop / "src/shop/seeds/stock.py").read_text()


def test_a_module_whose_plural_was_said_is_known_without_it(shop: Path) -> None:
    call(shop, "make:module", "inventory", "sku", "--singular", "stock_item", "--plural", "inventory")
    before = tree(shop)
    with pytest.raises(RefusedError, match="'inventory' exists and was generated from other words"):
        call(shop, "make:module", "inventory", "sku", "quantity:int")
    with pytest.raises(RefusedError, match="'inventory' exists and was generated from other words"):
        call(shop, "make:module", "Inventory", "sku")
    assert tree(shop) == before


def test_a_connector_that_listens_is_on_the_map(shop: Path) -> None:
    call(shop, "make:connector", "orders", "articles", "--on", "orders.confirmed", "--call", "note")
    (connector,) = json.loads(call(shop, "map", "--json").out)["connectors"]
    assert (connector["module"], connector["asks"], connector["wired"]) == ("orders", ["articles"], True)


@pytest.mark.parametrize("word", ["stock", "inventory"])
def test_a_module_written_by_hand_is_referred_to_by_the_name_of_its_folder(shop: Path, word: str) -> None:
    place = shop / f"src/shop/modules/{word}"
    place.mkdir()
    service = f"{word.title()}Service"
    (place / "__init__.py").write_text(f"from shop.modules.{word}.service import {service} as {service}\n")
    (place / "service.py").write_text(f"class {service}:\n    async def exists(self, key: object) -> bool: ...\n")
    call(shop, "make:module", "parcels", f"origin:belongs_to={word}", "note:text:null")
    connector = (shop / f"src/shop/connectors/parcels_{word}.py").read_text()
    assert f"from shop.modules.{word} import {service}" in connector
    assert f'ForeignKey("{word}.id"' in (shop / "src/shop/modules/parcels/model.py").read_text()
    assert "nothing to do" in call(shop, "make:module", "parcels", f"origin:belongs_to={word}", "note:text:null").out


AGGREGATES = [
    ("accounts", "an aggregate of which nothing is known"),
    ("accounts owner:belongs_to=customers", "'owner': an event cannot carry the type belongs_to"),
    ("accounts secret:password", "'secret': an event cannot carry the type password"),
    ("accounts code:int:unique", "'code': of an aggregate only text can be unique"),
    ("accounts code:default=a", "'code': default is about a table"),
    ("accounts state:str", "'state' is a name that every aggregate has already"),
    ("things_with_a_very_long_names a", "an aggregate's name has at most 21 letters"),
]


@pytest.mark.parametrize(("words", "message"), AGGREGATES, ids=[row[1][:40] for row in AGGREGATES])
def test_what_an_aggregate_cannot_be_is_told(shop: Path, words: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call(shop, "make:aggregate", *words.split())


def test_a_circuit_breaker_has_something_to_go_around(shop: Path) -> None:
    with pytest.raises(UsageError, match="this project has no mail to go around") as refused:
        call(shop, "make:circuit-breaker", "letters", "--port", "mail")
    assert refused.value.hint == "`arckode make:adapter smtp` adds it"
    with pytest.raises(UsageError, match="this project has no push to go around") as refused:
        call(shop, "make:circuit-breaker", "phones", "--port", "push")
    assert refused.value.hint == "`arckode make:push-outbox` adds it"
    with pytest.raises(UsageError, match="'class' is a word of Python"):
        call(shop, "make:circuit-breaker", "class")
