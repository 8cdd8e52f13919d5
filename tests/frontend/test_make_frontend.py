"""The front end as a generated thing: in one plan with the client, undone, destroyed, upgraded, never overwritten."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from arckode_gen import resources
from arckode_gen.engine import skeleton, template_tree
from arckode_gen.errors import RefusedError, UsageError
from tests.commands.calls import Heard, arckode, call
from tests.generated import tree

ORDERS = ("make:module", "orders", "number:str:unique", "total:decimal=12.2", "customer:belongs_to=customers")
PAGES = "frontend/src/pages/orders"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two modules and no front end."""
    folder = tmp_path_factory.mktemp("frontend")
    call(folder, "new", "shop", "--no-git")
    call(folder / "shop", "make:module", "customers", "name")
    call(folder / "shop", *ORDERS)
    return folder / "shop"


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "shop"))


def test_everything_is_one_plan_and_one_undo(shop: Path) -> None:
    before = tree(shop)
    said = call(shop, "make:frontend", "orders").said
    after = tree(shop)
    assert {"frontend/package.json", "frontend/src/api/orders.ts", f"{PAGES}/OrdersListPage.vue"} <= set(after)
    assert "serve_frontend(kernel)" in (shop / "src/shop/composition_root.py").read_text()
    assert '"./pages/orders/routes"' in (shop / "frontend/src/router.ts").read_text()
    assert 'to: "orders"' in (shop / "frontend/src/navigation.ts").read_text()
    again = call(shop, "make:frontend", "orders")
    assert "nothing to do" in again.out
    assert tree(shop) == after
    call(shop, "undo", said.rpartition(" ")[2])
    assert tree(shop) == before


def test_a_module_comes_with_its_pages_and_the_client_in_one_plan(shop: Path) -> None:
    before = tree(shop)
    line = ("make:module", "invoices", "number:str:unique", "--fullstack")
    planned = json.loads(call(shop, *line, "--dry-run", "--json").out)
    assert tree(shop) == before
    paths = {change["path"] for change in planned["changes"]}
    wanted = ("src/shop/modules/invoices/service.py", "frontend/package.json", "frontend/src/api/invoices.ts")
    assert {*wanted, "frontend/src/pages/invoices/InvoicesFormPage.vue"} <= paths
    said = call(shop, *line).said
    assert "nothing to do" in call(shop, *line).out
    assert "nothing to do" in call(shop, *line[:-1]).out
    call(shop, "undo", said.rpartition(" ")[2])
    assert tree(shop) == before


def test_what_came_beside_the_client_stays_with_it(shop: Path) -> None:
    call(shop, "make:frontend")
    call(shop, "generate:api-client", "--zod", "--mock")
    call(shop, "make:module", "invoices", "number:str:unique", "--fullstack")
    api = shop / "frontend/src/api"
    assert "invoiceCreateSchema" in (api / "zod.ts").read_text()
    assert "mockInvoicesStore" in (api / "invoices.mock.ts").read_text()
    assert call(shop, "generate:api-client", "--check").out == "up to date"


def test_without_an_interpreter_that_works_only_the_client_is_left_out(shop: Path) -> None:
    (shop / "src/shop/settings.py").write_text("import nothing_like_it\n")
    heard = call(shop, "make:frontend", "orders")
    assert "generate:api-client was left out" in heard.out + heard.said
    assert (shop / f"{PAGES}/OrdersListPage.vue").is_file()
    assert not (shop / "frontend/src/api").exists()


def test_destroying_takes_the_pages_out_and_needs_are_kept(shop: Path) -> None:
    call(shop, "make:frontend")
    before = tree(shop)
    call(shop, "make:frontend", "orders")
    with pytest.raises(RefusedError, match="module 'orders' is needed by the frontend 'orders'") as refused:
        call(shop, "destroy:module", "orders")
    assert "arckode destroy:frontend orders" in refused.value.hint
    with pytest.raises(RefusedError, match="frontend 'app' is needed by the frontend 'orders'"):
        call(shop, "destroy:frontend")
    assert call(shop, "destroy:frontend", "orders").code == 0
    assert tree(shop) == before
    assert call(shop, "destroy:frontend").code == 0
    left = {path for path in tree(shop) if path.startswith("frontend/")}
    assert left
    assert all(path.startswith("frontend/src/api/") for path in left)
    assert "serve_frontend" not in (shop / "src/shop/composition_root.py").read_text()


def _front(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in tree(root).items() if path.startswith("frontend/")}


def test_accounts_have_pages_whichever_of_the_two_comes_second(shop: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(shop, tmp_path / "other"))
    call(shop, "make:auth")
    before = tree(shop)
    said = call(shop, "make:frontend", "orders").said
    assert "frontend/src/pages/auth/LoginPage.vue" in tree(shop)
    call(other, "make:frontend", "orders")
    without = tree(other)
    said_there = call(other, "make:auth").said
    assert _front(other) == _front(shop)
    assert "...authRoutes," in (other / "frontend/src/router.ts").read_text()
    assert call(other, "generate:api-client", "--check").code == 0
    assert "nothing to do" in call(other, "make:auth").out + call(shop, "make:frontend").out
    call(shop, "undo", said.rpartition(" ")[2])
    call(other, "undo", said_there.rpartition(" ")[2])
    assert tree(shop) == before
    assert tree(other) == without


def test_the_pages_of_accounts_go_before_the_accounts_and_come_again(shop: Path) -> None:
    call(shop, "make:frontend", "orders")
    call(shop, "make:auth")
    with_pages = tree(shop)
    with pytest.raises(RefusedError, match="auth 'auth' is needed by the auth_pages 'app'") as refused:
        call(shop, "destroy:auth")
    assert "arckode destroy:auth-pages" in refused.value.hint
    assert call(shop, "destroy:auth-pages").code == 0
    left = {path for path in with_pages.keys() - tree(shop).keys() if path.startswith("frontend/")}
    assert {path.split("/")[2] for path in left} == {"components", "pages", "services", "stores"}
    assert "authRoutes" not in (shop / "frontend/src/router.ts").read_text()
    assert "startAuth" not in (shop / "frontend/src/start.ts").read_text()
    call(shop, "make:auth-pages")
    assert _front(shop) == {path: data for path, data in with_pages.items() if path.startswith("frontend/")}
    call(shop, "destroy:auth-pages")
    assert call(shop, "destroy:auth").code == 0


def test_a_second_realm_has_no_pages_but_is_in_the_client(shop: Path) -> None:
    call(shop, "make:frontend")
    call(shop, "make:auth", "--prefix", "admin")
    assert not (shop / "frontend/src/pages/auth").exists()
    assert (shop / "frontend/src/api/admin-users.ts").is_file()


def test_pages_of_accounts_need_both(shop: Path) -> None:
    with pytest.raises(UsageError, match="this project has no front end") as refused:
        call(shop, "make:auth-pages")
    assert "arckode make:frontend" in refused.value.hint
    call(shop, "make:frontend")
    with pytest.raises(UsageError, match="nobody signs in here") as refused:
        call(shop, "make:auth-pages")
    assert "arckode make:auth" in refused.value.hint


def test_a_field_comes_into_pages_that_somebody_edited(shop: Path) -> None:
    call(shop, "make:frontend", "orders")
    page = shop / f"{PAGES}/OrdersDetailPage.vue"
    page.write_text(page.read_text().replace("<template>\n", "<template>\n  <!-- ours -->\n", 1))
    said = call(shop, "make:field", "orders", "colour:str:null").out
    assert "next: bring its pages and the client up to date: arckode make:frontend orders" in said
    assert "next: bring the client" in call(shop, "make:field", "customers", "colour:str:null").out
    call(shop, "make:frontend", "orders")
    text = page.read_text()
    assert "<!-- ours -->" in text
    assert "orders.colour" in text
    assert "colour" in (shop / "frontend/src/api/schemas.ts").read_text()
    assert "arckode make:frontend orders" in call(shop, "destroy:field", "orders", "colour").out
    call(shop, "make:frontend", "orders")
    assert "<!-- ours -->" in page.read_text()
    assert "orders.colour" not in page.read_text()


def test_an_upgrade_keeps_edits_and_wires(shop: Path) -> None:
    call(shop, "make:frontend", "orders")
    assert call(shop, "upgrade", "--check").code == 0
    router = shop / "frontend/src/router.ts"
    router.write_text(router.read_text() + "// ours\n")
    unit = shop / ".arckode/units/frontend.orders.json"
    unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
    app = shop / ".arckode/units/frontend.app.json"
    app.write_text(app.read_text().replace('"templates": "', '"templates": "0'))
    assert call(shop, "upgrade", "--check").code == 4
    before = {path: data for path, data in tree(shop).items() if not path.startswith(".arckode/")}
    assert call(shop, "upgrade").code == 0
    assert {path: data for path, data in tree(shop).items() if not path.startswith(".arckode/")} == before


def test_force_writes_the_front_end_anew_and_keeps_the_lines_of_its_modules(shop: Path) -> None:
    call(shop, "make:frontend", "orders")
    router = shop / "frontend/src/router.ts"
    before = router.read_text()
    router.write_text(before + "// theirs\n")
    call(shop, "make:frontend", "--force")
    assert router.read_text() == before


def test_files_that_somebody_wrote_are_refused_and_nothing_is_written(shop: Path) -> None:
    page = shop / f"{PAGES}/OrdersListPage.vue"
    page.parent.mkdir(parents=True)
    page.write_text("<template>mine</template>\n")
    before = tree(shop)
    with pytest.raises(RefusedError, match=r"OrdersListPage.vue exists and was not generated"):
        call(shop, "make:frontend", "orders")
    assert tree(shop) == before


def test_a_list_without_a_place_is_shown_what_to_paste(shop: Path) -> None:
    call(shop, "make:frontend")
    router = shop / "frontend/src/router.ts"
    router.write_text(router.read_text().replace("const pages: RouteRecordRaw[] = [];", "const pages = all();"))
    with pytest.raises(RefusedError, match="pages is made with no list of its own") as refused:
        call(shop, "make:frontend", "orders")
    assert "...ordersRoutes," in refused.value.message


@pytest.mark.parametrize(
    ("word", "hint"), [("ordres", "orders"), ("nothing_like_it", "there are customers, orders")], ids=["near", "far"]
)
def test_a_module_that_is_not_there(shop: Path, word: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"there is no generated module '{word}'") as refused:
        call(shop, "make:frontend", word)
    assert hint in refused.value.hint


def test_build_says_what_is_missing(shop: Path) -> None:
    def refused() -> str:
        return arckode(shop, "build", code=5).said

    assert "this project has no front end" in refused()
    call(shop, "make:frontend")
    assert "the packages of frontend/ are not installed" in refused()
    heard: Heard = arckode(shop, "dev", "--port", "0", code=5)
    assert "npm install --prefix frontend" in heard.said


def test_copier_renders_the_front_end_as_jinja_does(tmp_path: Path) -> None:
    template = resources.folder("templates") / "frontend"
    answers = {"name": "my-shop", "package": "my_shop"}
    assert skeleton.render(template, answers, tmp_path) == template_tree.render(template / "project", answers)
