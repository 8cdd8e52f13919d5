"""`destroy:field` takes back what `make:field` did: the bytes of before, or what a person has to know."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from arckode_gen.errors import RefusedError, UsageError
from tests.commands.calls import ENVIRON, call
from tests.generated import arckode, must, tool
from tests.shell.trees import tree

MODEL = "src/shop/modules/orders/model.py"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh")
    call(folder, "new", "shop", "--defaults", "--no-git")
    call(folder / "shop", "make:module", "customers", "name")
    call(folder / "shop", "make:module", "orders", "customer:belongs_to=customers", "total:int")
    return folder / "shop"


@pytest.fixture
def shop(fresh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fresh, tmp_path / "shop"))


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(("shipped_at:datetime:null",), id="a column"),
        pytest.param(("priority:enum=low/high:default=low", "note:text:null"), id="two at once"),
        pytest.param(("seller:belongs_to=customers:null",), id="a reference to another module"),
        pytest.param(("labels:many_to_many=customers/name",), id="a table of links"),
        pytest.param(("lines:has_many=customers/name:via=order",), id="a relation that keeps nothing"),
    ],
)
def test_the_tree_is_as_it_was(shop: Path, fields: tuple[str, ...]) -> None:
    if fields[0].startswith("lines"):
        call(shop, "make:field", "customers", "order:belongs_to=orders:null")
    before = tree(shop)
    call(shop, "make:field", "orders", *fields)
    assert tree(shop) != before
    call(shop, "destroy:field", "orders", *(field.partition(":")[0] for field in fields))
    assert tree(shop) == before


def test_a_field_that_was_added_first_goes_and_the_later_one_stays(shop: Path) -> None:
    call(shop, "make:field", "orders", "a_mark:int:null")
    call(shop, "make:field", "orders", "b_mark:int:null")
    call(shop, "destroy:field", "orders", "a_mark")
    text = (shop / MODEL).read_text()
    assert "b_mark" in text
    assert "a_mark" not in text
    assert [path.name[13:] for path in sorted((shop / "src/shop/migrations").glob("*add*"))] == [
        "add_b_mark_to_orders.py"
    ]


def test_an_import_that_only_hand_written_lines_use_is_not_taken(shop: Path) -> None:
    """The generated column used `String` as well, so that the merge would have it go with the field."""
    model = shop / MODEL
    text = model.read_text().replace("import ForeignKey\n", "import ForeignKey, String\n", 1)
    assert "String" in text
    model.write_text(f"{text}    channel: Mapped[str | None] = mapped_column(String(20))\n")
    before = tree(shop)
    call(shop, "make:field", "orders", "code:str:max=20:null")
    assert call(shop, "destroy:field", "orders", "code").code == 0
    assert tree(shop) == before


def test_fields_go_from_between_what_a_person_wrote_around_them(shop: Path) -> None:
    model = shop / MODEL
    text = f"{model.read_text()}    channel: Mapped[int | None]\n"
    model.write_text(f"{text}\n    @property\n    def is_big(self) -> bool:\n        return self.total > 100\n")
    before = tree(shop)
    call(shop, "make:field", "orders", "priority:int:default=0", "kind:enum=a/b:default=a")
    must(tool(shop, "ruff", "format", "--check", "--no-cache", MODEL))
    assert model.read_text().index("kind:") < model.read_text().index("@property")
    assert call(shop, "destroy:field", "orders", "priority", "kind").code == 0
    assert tree(shop) == before


def test_a_line_that_was_edited_is_named_with_its_number(shop: Path) -> None:
    call(shop, "make:field", "orders", "code:str:max=20:null")
    model = shop / MODEL
    lines = model.read_text().replace("String(20)", "String(40)").splitlines(keepends=True)
    model.write_text("".join(lines))
    number = next(at for at, line in enumerate(lines, 1) if "String(40)" in line)
    with pytest.raises(RefusedError, match=f"{MODEL}:{number}: edited where a field is used; nothing was changed"):
        call(shop, "destroy:field", "orders", "code")


def test_a_file_with_the_markers_of_a_merge_is_not_merged_again(shop: Path) -> None:
    call(shop, "make:field", "orders", "code:str:max=20:null")
    model = shop / MODEL
    model.write_text(f"{model.read_text()}<<<<<<< HEAD\n    a: int\n=======\n    b: int\n>>>>>>> other\n")
    for line in (("make:field", "orders", "mine:int:null"), ("destroy:field", "orders", "code")):
        with pytest.raises(RefusedError, match=r"model\.py holds conflict markers of an earlier merge; nothing was"):
            call(shop, *line)


def test_what_a_person_wrote_beside_it_stays(shop: Path) -> None:
    call(shop, "make:field", "orders", "shipped_at:datetime:null")
    service = shop / "src/shop/modules/orders/service.py"
    service.write_text(f"{service.read_text()}\n    def mine(self) -> int:\n        return 1\n")
    call(shop, "destroy:field", "orders", "shipped_at")
    assert "def mine" in service.read_text()
    assert "shipped_at" not in (shop / MODEL).read_text()


def test_a_column_that_a_database_has_is_taken_back_by_another_migration(shop: Path) -> None:
    url = {"DATABASE_URL": f"sqlite+aiosqlite:///{shop}/shop.db"}
    call(shop, "make:field", "orders", "shipped_at:datetime:null")
    must(arckode(shop, "db:migrate", env=url))
    done = call(shop, "destroy:field", "orders", "shipped_at", environ={**ENVIRON, **url})
    assert done.code == 0
    assert "take the columns away" in done.said + done.out
    names = [path.name[13:] for path in sorted((shop / "src/shop/migrations").glob("2*.py"))]
    assert names[-2] == "add_shipped_at_to_orders.py"
    assert "shipped_at" in names[-1]
    must(arckode(shop, "db:migrate", "--unsafe", "dropped", env=url))
    must(arckode(shop, "analyze", env=url))


def test_a_migration_that_is_committed_stays(shop: Path) -> None:
    call(shop, "make:field", "orders", "shipped_at:datetime:null")
    for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "a")):
        subprocess.run(["git", *words], cwd=shop, check=True, capture_output=True)
    call(shop, "destroy:field", "orders", "shipped_at")
    assert len(list((shop / "src/shop/migrations").glob("*shipped_at*"))) == 2


@pytest.mark.parametrize(
    ("names", "said", "hint"),
    [
        pytest.param((), "no field was given", "orders have customer, total, a_mark, b_mark", id="none"),
        pytest.param(("a_mrk",), "orders have no field 'a_mrk'", "a_mark", id="unknown"),
        pytest.param(("total",), "'total' was not added by `make:field`", "write a migration", id="the table's own"),
        pytest.param(
            ("a_mark",),
            "a_mark and b_mark were added by one migration",
            "`arckode destroy:field orders a_mark b_mark`",
            id="half of a migration",
        ),
    ],
)
def test_what_cannot_go_is_refused(shop: Path, names: tuple[str, ...], said: str, hint: str) -> None:
    call(shop, "make:field", "orders", "a_mark:int:null", "b_mark:int:null")
    before = tree(shop)
    with pytest.raises((UsageError, RefusedError)) as caught:
        call(shop, "destroy:field", "orders", *names)
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert tree(shop) == before


def test_code_that_a_person_wrote_where_it_is_used_is_refused_and_nothing_changes(shop: Path) -> None:
    call(shop, "make:field", "orders", "shipped_at:datetime:null")
    model = shop / MODEL
    line = next(line for line in model.read_text().splitlines() if "shipped_at" in line)
    model.write_text(model.read_text().replace(line, f"{line}  # when it left"))
    before = tree(shop)
    with pytest.raises(RefusedError, match="edited where a field is used; nothing was changed"):
        call(shop, "destroy:field", "orders", "shipped_at")
    assert tree(shop) == before
