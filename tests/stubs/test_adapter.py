"""make:adapter: what it adds, that it can be taken back byte for byte, and what it refuses."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from arckode_gen import resources
from arckode_gen.engine import units
from arckode_gen.errors import RefusedError
from tests.commands.calls import call
from tests.e2e.test_databases import query, scratch
from tests.generated import ADAPTERS, arckode, must, tree
from tests.services import mariadb_url, postgres_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATABASES = ("mariadb", "mysql", "postgres")
KINDS = (*ADAPTERS, *DATABASES)
ROOT, SETTINGS = "src/shop/composition_root.py", "src/shop/settings.py"


@pytest.fixture(scope="module")
def new_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new")
    call(folder, "new", "shop", "--no-git", "--defaults")
    return folder / "shop"


@pytest.fixture
def shop(new_shop: Path, tmp_path: Path) -> Path:
    """A new project of the test's own."""
    return shutil.copytree(new_shop, tmp_path / "shop")


def test_the_kinds_are_those_that_the_command_takes() -> None:
    stub = yaml.safe_load((resources.folder("stubs") / "adapter/stub.yml").read_text())
    assert sorted([*KINDS, "sqlite"]) == stub["params"][0]["choices"]


def test_parts_of_the_kernel_say_only_what_is_read() -> None:
    parts = yaml.safe_load((resources.folder("templates") / "kernel/parts.yml").read_text())["parts"]
    assert {key for part in parts.values() for key in part} == {"files", "needs", "dependencies", "migrations"}


@pytest.mark.parametrize(("kind", "is_told"), [("jwt", True), ("redis-cache", True), ("s3", True), ("sqlite", False)])
def test_only_who_has_something_to_install_is_told_to(shop: Path, kind: str, is_told: bool) -> None:
    before = (shop / "pyproject.toml").read_text()
    out = call(shop, "make:adapter", kind).out
    assert ("next: install what is new: pip install -e . --group dev" in out) == is_told
    assert ((shop / "pyproject.toml").read_text() != before) == is_told
    assert "next: choose it where you need it" in out


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_run_changes_nothing_and_destroy_is_the_inverse(shop: Path, kind: str) -> None:
    before = tree(shop)
    call(shop, "make:adapter", kind)
    made = tree(shop)
    assert made != before
    assert "nothing to do" in call(shop, "make:adapter", kind).out
    assert call(shop, "upgrade").out == "upgrade: nothing to do, everything is there already"
    assert tree(shop) == made
    assert call(shop, "destroy:adapter", kind).code == 0
    assert tree(shop) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_run_writes_nothing_and_its_diff_makes_the_same_tree(shop: Path, kind: str) -> None:
    call(shop, "make:module", "orders", "total:int")
    before = tree(shop)
    diff = call(shop, "make:adapter", kind, "--dry-run", "--diff").out
    assert tree(shop) == before
    call(shop, "make:adapter", kind)
    made = tree(shop)
    call(shop, "undo")
    assert tree(shop) == before
    apply = ["git", "apply", "--unsafe-paths", "-"]
    subprocess.run(apply, cwd=shop, input=f"{diff}\n", text=True, check=True, capture_output=True)
    assert tree(shop) == made


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_what_is_left_is_what_was_not_taken_out(shop: Path, seed: int) -> None:
    chance = random.Random(seed)
    # A migration that is made again is numbered after those that were made meanwhile.
    migrating = ("redis-queue", "event-", "bus-")
    adapters = [kind for kind in ADAPTERS if not kind.startswith(migrating)]
    order, back = chance.sample(adapters, len(adapters)), chance.sample(adapters, len(adapters))
    seen: dict[frozenset[str], dict[str, bytes]] = {frozenset(): tree(shop)}
    there: set[str] = set()
    database = chance.choice(DATABASES)
    for kind in order:
        call(shop, "make:adapter", kind)
        there.add(kind)
        seen[frozenset(there)] = tree(shop)
    call(shop, "make:adapter", database)
    call(shop, "make:module", "orders", "total:int")
    for kind in back:
        call(shop, "destroy:adapter", kind)
    for kind in reversed(back):
        call(shop, "make:adapter", kind)
    call(shop, "destroy:module", "orders")
    call(shop, "destroy:adapter", database)
    assert tree(shop) == seen[frozenset(there)]
    for kind in reversed(order):
        assert tree(shop) == seen[frozenset(there)]
        assert call(shop, "destroy:adapter", kind).code == 0
        there.remove(kind)
    assert tree(shop) == seen[frozenset()]


def test_the_parts_of_the_kernel_are_copied_byte_for_byte(shop: Path) -> None:
    source = resources.folder("templates") / "kernel/kernel"
    call(shop, "make:adapter", "s3")
    copied = {path.name for path in (shop / "src/shop/kernel").glob("*.py")}
    assert {"storage.py", "storage_memory.py", "storage_s3.py"} <= copied
    assert not copied & {"cache.py", "mail.py", "storage_local.py", "access_tokens.py"}
    for name in copied:
        assert (shop / "src/shop/kernel" / name).read_bytes() == (source / name).read_bytes()


def test_two_storages_share_their_port(shop: Path) -> None:
    call(shop, "make:adapter", "local")
    call(shop, "make:adapter", "s3")
    call(shop, "destroy:adapter", "local")
    assert (shop / "src/shop/kernel/storage.py").is_file()
    assert not (shop / "src/shop/kernel/storage_local.py").exists()
    assert "storage: StorageSettings = StorageSettings()" in (shop / SETTINGS).read_text()
    assert "provide_local_storage" not in (shop / ROOT).read_text()
    assert "STORAGE__PROVIDER=memory" in (shop / ".env.example").read_text()
    assert call(shop, "doctor").out.count("wrong") == 0


def test_a_newer_kernel_reaches_what_two_adapters_share_once(shop: Path) -> None:
    call(shop, "make:adapter", "local")
    call(shop, "make:adapter", "s3")
    before = tree(shop)
    for path in ("src/shop/kernel/storage.py", ".arckode/base/src/shop/kernel/storage.py"):
        file = shop / path
        file.write_text(file.read_text().replace("Where files are kept.", "Where files were kept."))
    for unit in (shop / ".arckode/units").glob("adapter.*.json"):
        unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
    stale = json.loads(call(shop, "upgrade", "--check", "--json").out)["stale"]
    assert stale == ["adapter.local", "adapter.s3"]
    assert call(shop, "upgrade").code == 0
    assert tree(shop) == before


def test_a_part_is_not_put_beside_another_kernel(shop: Path) -> None:
    unit = shop / units.unit_path("project", "shop")
    unit.write_text(unit.read_text().replace('"templates": "', '"templates": "0'))
    before = tree(shop)
    with pytest.raises(RefusedError, match=r"make:adapter smtp: the kernel of this project is of arckode ") as refused:
        call(shop, "make:adapter", "smtp")
    assert refused.value.hint == "bring it up to date first: `arckode upgrade`"
    assert tree(shop) == before
    call(shop, "upgrade")
    call(shop, "make:adapter", "smtp")


def test_adapters_come_before_the_modules_that_use_them(shop: Path) -> None:
    call(shop, "make:module", "orders", "total:int")
    call(shop, "make:adapter", "smtp")
    call(shop, "make:adapter", "jwt")
    calls = [line.strip() for line in (shop / ROOT).read_text().splitlines() if line.strip().endswith("(kernel)")]
    assert calls == ["provide_jwt_tokens(kernel)", "provide_smtp_mail(kernel)", "register_orders(kernel)"]


def test_what_a_person_wrote_stays_and_is_named(shop: Path) -> None:
    call(shop, "make:adapter", "redis-cache")
    test = shop / "tests/adapters/test_redis_cache.py"
    test.write_text(f"{test.read_text()}\n# mine\n")
    compose = shop / "compose.yaml"
    compose.write_text(compose.read_text().replace("redis://cache:6379/0", "redis://cache:6379/9"))
    ended = call(shop, "destroy:adapter", "redis-cache")
    assert ended.code == 3
    assert test.read_text().endswith("# mine\n")
    assert "CACHE__URL: redis://cache:6379/9" in compose.read_text()
    assert "tests/adapters/test_redis_cache.py: edited since it was generated" in ended.out
    assert "compose.yaml: CACHE__URL: redis://cache:6379/0 (a person changed it); take it out yourself" in ended.out
    assert "image: redis" not in compose.read_text()


@pytest.mark.parametrize("missing", ["compose.yaml", ".env.example"])
def test_a_project_without_compose_or_an_example_goes_without(shop: Path, missing: str) -> None:
    (shop / missing).unlink()
    before = tree(shop)
    call(shop, "make:adapter", "redis-cache")
    assert not (shop / missing).exists()
    assert "ok    wiring" in call(shop, "doctor").out
    call(shop, "destroy:adapter", "redis-cache")
    assert tree(shop) == before


def no_settings(shop: Path) -> None:
    (shop / SETTINGS).unlink()


def two_settings(shop: Path) -> None:
    (shop / SETTINGS).write_text("class A:\n    class Settings:\n        pass\nclass Settings:\n    pass\n")


def renamed_settings(shop: Path) -> None:
    (shop / SETTINGS).write_text((shop / SETTINGS).read_text().replace("class Settings", "class Options"))


def no_compose_function(shop: Path) -> None:
    (shop / ROOT).write_text("kernel = 1\n")


def braces(shop: Path) -> None:
    (shop / "compose.yaml").write_text("services: {migrate: {environment: {A: b}}}\n")


def another_cache(shop: Path) -> None:
    text = (shop / "compose.yaml").read_text()
    (shop / "compose.yaml").write_text(
        text.replace("volumes:\n  data:", "  cache:\n    image: valkey\nvolumes:\n  data:")
    )


def another_pyproject(shop: Path) -> None:
    (shop / "pyproject.toml").write_text("[project]\nname = 'shop'\n")


REFUSED = [
    pytest.param(
        no_settings, "src/shop/settings.py is missing; it must hold", "cache: CacheSettings", id="no settings"
    ),
    pytest.param(two_settings, "there is not exactly one class 'Settings'", "cache: CacheSettings", id="two settings"),
    pytest.param(renamed_settings, "there is not exactly one class", "cache: CacheSettings", id="a renamed class"),
    pytest.param(no_compose_function, "there is no function 'compose'", "provide_redis_cache(kernel)", id="no root"),
    pytest.param(
        braces, "services.migrate.environment is not one entry on each line", "CACHE__PROVIDER: redis", id="{}"
    ),
    pytest.param(another_cache, "services has another 'cache'", "image: redis:7-alpine", id="a cache of one's own"),
    pytest.param(another_pyproject, "there is no array 'dependencies'", '"redis>=8.1",', id="no dependencies"),
]


@pytest.mark.parametrize(("spoil", "reason", "paste"), REFUSED)
def test_what_cannot_be_wired_is_refused_with_the_lines_to_paste(
    shop: Path, spoil: Callable[[Path], None], reason: str, paste: str
) -> None:
    spoil(shop)
    before = tree(shop)
    with pytest.raises(RefusedError) as refused:
        call(shop, "make:adapter", "redis-cache")
    assert "nothing was written" in refused.value.message
    assert reason in refused.value.message
    assert paste in refused.value.message
    assert tree(shop) == before


def test_a_kind_that_does_not_exist_names_the_nearest(shop: Path) -> None:
    before = tree(shop)
    for word, hint in (("rediscache", "redis-cache"), ("postgresql", "postgres")):
        refused = arckode(shop, "make:adapter", word)
        assert refused.code == 2
        assert f"did you mean '{hint}'?" in refused.stderr
    assert "Missing argument 'KIND" in arckode(shop, "make:adapter").stderr
    assert "there is no adapter 'jwt'" in arckode(shop, "destroy:adapter", "jwt").stderr
    assert tree(shop) == before


# Databases


def test_another_database_changes_what_knows_the_database(shop: Path) -> None:
    call(shop, "make:adapter", "postgres")
    assert '"asyncpg>=0.31",' in (shop / "pyproject.toml").read_text()
    assert "DATABASE_URL=postgresql://postgres@127.0.0.1:5432/shop\n" in (shop / ".env.example").read_text()
    compose = yaml.safe_load((shop / "compose.yaml").read_text())
    assert compose["services"]["database"]["image"] == "postgres:17"
    assert compose["services"]["app"]["environment"]["DATABASE_URL"].startswith("postgresql://shop:${POSTGRES_PASSWORD")
    check = yaml.safe_load((shop / ".github/workflows/ci.yml").read_text())["jobs"]["check"]
    assert check["env"]["DATABASE_URL"] == check["env"]["TEST_DATABASE_URL"]
    assert check["services"]["database"]["image"] == "postgres:17"
    assert json.loads((shop / ".arckode/project.json").read_text())["options"]["database"] == "postgresql"


def test_it_is_what_a_project_begins_with_on_that_database(shop: Path, tmp_path: Path) -> None:
    for kind, database in (("postgres", "postgresql"), ("mysql", "mysql"), ("mariadb", "mariadb")):
        other = tmp_path / database
        other.mkdir()
        call(other, "new", "shop", "--database", database, "--no-git", "--defaults")
        call(shop, "make:adapter", kind)
        begun, moved = tree(other / "shop"), tree(shop)
        assert {path for path in begun if begun[path] != moved.get(path)} == {".env"}
        assert {path for path in moved if path not in begun} >= {f".arckode/units/adapter.{kind}.json"}


def test_databases_are_left_in_the_order_they_were_taken(shop: Path) -> None:
    before = tree(shop)
    call(shop, "make:adapter", "postgres")
    on_postgres = tree(shop)
    call(shop, "make:adapter", "mysql")
    with pytest.raises(RefusedError, match="the adapter 'mysql' took the place of 'postgres'") as followed:
        call(shop, "make:adapter", "postgres")
    assert followed.value.hint == "go back with `arckode destroy:adapter mysql`"
    with pytest.raises(RefusedError, match="the adapter 'postgres' is needed by the adapter 'mysql'"):
        call(shop, "destroy:adapter", "postgres")
    call(shop, "make:adapter", "sqlite")
    assert json.loads((shop / ".arckode/project.json").read_text())["options"]["database"] == "sqlite"
    call(shop, "destroy:adapter", "sqlite")
    call(shop, "destroy:adapter", "mysql")
    assert tree(shop) == on_postgres
    call(shop, "destroy:adapter", "postgres")
    assert tree(shop) == before


def test_a_database_that_the_project_has_already_changes_no_file_of_it(shop: Path) -> None:
    before = tree(shop)
    call(shop, "make:adapter", "sqlite")
    assert set(tree(shop)) - set(before) == {".arckode/units/adapter.sqlite.json"}
    call(shop, "destroy:adapter", "sqlite")
    assert tree(shop) == before


def test_edits_of_the_files_are_merged_and_stay(shop: Path) -> None:
    compose, project = shop / "compose.yaml", shop / "pyproject.toml"
    compose.write_text(compose.read_text().replace('ports: ["8000:8000"]', 'ports: ["9000:8000"]'))
    project.write_text(project.read_text().replace('"structlog>=26.1",', '"structlog>=26.1",\n    "tenacity>=9",'))
    before = tree(shop)
    call(shop, "make:adapter", "redis-cache")
    call(shop, "make:adapter", "mariadb")
    assert 'ports: ["9000:8000"]' in compose.read_text()
    assert '"tenacity>=9",' in project.read_text()
    assert "image: mariadb:11" in compose.read_text()
    call(shop, "destroy:adapter", "redis-cache")
    call(shop, "destroy:adapter", "mariadb")
    assert tree(shop) == before


def test_an_edit_in_the_same_lines_refuses_everything_or_is_marked(shop: Path) -> None:
    example = shop / ".env.example"
    example.write_text(example.read_text().replace("sqlite:///./shop.db", "sqlite:////var/shop.db"))
    before = tree(shop)
    with pytest.raises(RefusedError) as refused:
        call(shop, "make:adapter", "postgres")
    assert ".env.example was edited where the new text differs" in refused.value.message
    assert "DATABASE_URL=sqlite:////var/shop.db" in refused.value.message
    assert tree(shop) == before
    call(shop, "make:adapter", "postgres", "--force")
    assert "DATABASE_URL=postgresql://postgres@127.0.0.1:5432/shop\n" in example.read_text()
    call(shop, "undo")
    assert tree(shop) == before
    call(shop, "make:adapter", "postgres", "--markers")
    assert "<<<<<<<" in example.read_text()
    example.write_text("DATABASE_URL=postgresql://shop@db/shop\n")
    ended = call(shop, "destroy:adapter", "postgres")
    assert ended.code == 3
    assert "kept: .env.example: edited where it would change back for database sqlite" in ended.out
    assert example.read_text() == "DATABASE_URL=postgresql://shop@db/shop\n"


def test_a_file_that_was_deleted_stays_deleted(shop: Path) -> None:
    (shop / "compose.yaml").unlink()
    call(shop, "make:adapter", "postgres")
    assert not (shop / "compose.yaml").exists()
    assert '"asyncpg>=0.31",' in (shop / "pyproject.toml").read_text()


def test_without_the_record_of_the_project_nothing_is_guessed(shop: Path) -> None:
    path = shop / units.unit_path("project", "shop")
    path.unlink()
    refused = arckode(shop, "make:adapter", "postgres")
    assert refused.code == 2
    assert ".arckode/units/project.shop.json is missing" in refused.stderr
    assert "git checkout -- " in refused.stderr


@pytest.mark.generates
@pytest.mark.parametrize(
    ("kind", "server"),
    [
        pytest.param("postgres", postgres_url, marks=pytest.mark.postgres),
        pytest.param("mariadb", mariadb_url, marks=pytest.mark.mariadb),
    ],
)
def test_the_project_works_on_its_new_database(shop: Path, kind: str, server: Callable[[], str]) -> None:
    call(shop, "make:module", "orders", "total:int")
    call(shop, "make:adapter", kind)
    with scratch(server()) as url:
        must(arckode(shop, "db:migrate", env={"DATABASE_URL": url}))
        must(arckode(shop, "db:seed", env={"DATABASE_URL": url}))
        assert len(query(url, "SELECT id AS name FROM orders")) == 3
