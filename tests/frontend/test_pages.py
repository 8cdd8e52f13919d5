"""A generated front end: checked by its own tools, built, and walked through in a real browser."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from kernel.database_url import async_url
from tests import json_answers
from tests.client.test_live import served
from tests.commands.calls import call
from tests.frontend.tools import chromium, node_modules
from tests.generated import arckode, must, run
from tests.kernel.backends import drop_scratch, make_scratch
from tests.services import postgres_url

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.generates

WALK = Path(__file__).with_name("walk.mjs")
_MODULES = (
    ("customers", "name:str:max=120", "email:email:unique"),
    ("tags", "label:str:unique"),
    (
        "orders", "number:str:max=20:unique", "customer:belongs_to=customers", "total:decimal=12.2:min=0",
        "status:enum=draft/paid/sent:default=draft", "note:text:null", "due:date:null", "paid:bool:default=false",
        "quantity:int:min=1:max=10", "tags:many_to_many=tags/label",
    ),
    (
        "things", "text:text:null", "big:bigint", "rate:float:null", "ok:bool:null", "at:datetime:default=now",
        "clock:time", "reference:uuid", "extra:json", "raw:bytes:null", "url:url", "slug:slug", "words:list=str",
        "numbers:list=int", "pw:password", "ro:str:null:readonly", "im:int:immutable", "secret:str:writeonly",
        "kind:enum=a/b:null", "parent:belongs_to=things:null", "children:has_many=things",
    ),
    ("empties", "--no-timestamps"),
)  # fmt: skip
_ENTRY, _STYLES, _PAGE, _MODULE = 50_000, 6_000, 4_000, 7_000
_OTHER_PAGES = 15  # the first one, the one that is missing, and those of accounts, users and roles


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    packages = node_modules()
    folder = tmp_path_factory.mktemp("pages")
    call(folder, "new", "shop", "--no-git")
    root = folder / "shop"
    call(root, "make:auth")
    for words in _MODULES:
        call(root, "make:module", *words)
    call(root, "make:frontend")
    for words in _MODULES:
        call(root, "make:frontend", words[0])
    (root / "frontend/node_modules").symlink_to(packages)
    return root


def test_it_builds_within_its_limits(shop: Path) -> None:
    printed = must(arckode(shop, "build", "--json")).stdout
    json_answers.check("build", printed)
    built = json.loads(printed)
    sizes = {
        each["path"]: len(gzip.compress((shop / built["folder"] / each["path"]).read_bytes()))
        for each in built["files"]
    }
    page = (shop / built["folder"] / "index.html").read_text("utf-8")
    first = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', page)
    pages = {path: size for path, size in sizes.items() if "Page-" in path}
    assert len(first) > 1
    assert sum(sizes[path] for path in first) <= _ENTRY
    assert sum(size for path, size in sizes.items() if path.endswith(".css")) <= _STYLES
    assert len(pages) == 3 * len(_MODULES) + _OTHER_PAGES
    assert max(pages.values()) <= _PAGE
    assert sum(size for path, size in sizes.items() if "/Customers" in path or "/customers" in path) <= _MODULE


def test_its_own_checks_are_content(shop: Path) -> None:
    folder = shop / "frontend"
    must(run(folder, "node", "node_modules/eslint/bin/eslint.js", ".", "--max-warnings", "0"))
    must(run(folder, "node", "node_modules/vitest/vitest.mjs", "run"))
    sources = [path for path in folder.glob("src/**/*") if path.suffix in {".ts", ".vue"} and "api" not in path.parts]
    for word in (": any", "v-html", r"\bfetch\("):
        assert not [path.name for path in sources if re.search(word, path.read_text("utf-8"))], word
    storing = [path.name for path in sources if re.search("localStorage|document\\.cookie", path.read_text("utf-8"))]
    assert sorted(storing) == ["language.service.ts", "session.service.ts"]


@pytest.mark.parametrize(
    ("file", "old", "new", "tool"),
    [
        ("services/customers.service.ts", "row.name", "row.nothing", "vue-tsc/bin/vue-tsc.js"),
        ("pages/customers/CustomersListPage.vue", 'v-if="error"', 'v-if="false"', "vitest/vitest.mjs"),
        ("pages/customers/CustomersListPage.vue", "if (await confirm", "if (!await confirm", "vitest/vitest.mjs"),
        ("pages/account/SessionsPage.vue", 'v-if="error"', 'v-if="false"', "vitest/vitest.mjs"),
        (
            "pages/users/UserPage.vue",
            "if (!(await confirm.value?.ask(question, words))) return;",
            "",
            "vitest/vitest.mjs",
        ),
        ("pages/auth/places.ts", "origin === location.origin", "true", "vitest/vitest.mjs"),
    ],
    ids=[
        *("a type error", "no error state", "no confirmation", "no error state of sessions", "a role taken at once"),
        "another site to go to",
    ],
)
def test_what_is_broken_turns_a_check_red(shop: Path, file: str, old: str, new: str, tool: str) -> None:
    page = shop / "frontend/src" / file
    text = page.read_text("utf-8")
    assert old in text
    page.write_text(text.replace(old, new, 1), "utf-8")
    words = ("--build",) if "vue-tsc" in tool else ("run", f"src/{Path(file).parent.as_posix()}")
    try:
        assert run(shop / "frontend", "node", f"node_modules/{tool}", *words).code != 0
    finally:
        page.write_text(text, "utf-8")


@pytest.fixture(params=["sqlite", *(["postgresql"] if "ARCKODE_WALK" in os.environ else [])])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Give the settings that say where the shop keeps its rows; `make soak` walks on PostgreSQL, too."""
    if request.param == "sqlite":
        yield {}
        return
    server = make_url(async_url(postgres_url()))
    made = asyncio.run(make_scratch(server))
    yield {"DATABASE_URL": made.set(drivername="postgresql").render_as_string(hide_password=False)}
    asyncio.run(drop_scratch(server, made))


def test_a_walk_in_a_browser(shop: Path, database: dict[str, str], tmp_path: Path) -> None:
    browser = chromium()
    if not (shop / "frontend/dist").is_dir():
        must(arckode(shop, "build", "--json"))
    must(arckode(shop, "db:migrate", env=database))
    pictures = os.environ.get("ARCKODE_PICTURES", "")
    letters = tmp_path / "letters"
    letters.touch()
    environ = {
        **database,
        "AUTH__ADMINS": '["ada@example.com"]',
        "PYTHONPATH": str(WALK.parent),
        "WALK_LETTERS": str(letters),
    }
    with served(shop, "walked_app:app", shop / "src", environ) as address:
        words = [address, str(node_modules()), browser, str(letters), *([pictures] if pictures else [])]
        ran = subprocess.run(["node", str(WALK), *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    steps = sum(path.read_text("utf-8").count("await step(") for path in (WALK, WALK.with_name("keys.mjs")))
    assert ran.stdout.count("ok ") == steps, ran.stdout
