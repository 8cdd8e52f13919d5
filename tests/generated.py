"""Generated projects for tests: made by the real command line, checked by the real tools."""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from py_compile import PycInvalidationMode

EVERY_TYPE = (
    "s:str t:text i:int:unique bi:bigint d:decimal=18.6 f:float b:bool:default=true day:date:default=today "
    "at:datetime:default=now tm:time u:uuid:unique j:json raw:bytes email:email:null url:url slug:slug:unique "
    "st:enum=a/b-c/1st tags:list=str nums:list=int ids:list=uuid pw:password tok:token doc:file "
    "parent:belongs_to=things:null owner_id:uuid:owner secret:str:writeonly code:str:len=4:unique "
    "ro:str:null:readonly im:int:immutable q:int:min=5:max=8 dd:decimal=2.2 small:str:max=2 date:date:null "
    "metadata:json:null registry:str page:int sort:str json:str dt:datetime total:float address2line:str"
).split()

MODULES: tuple[tuple[str, ...], ...] = (
    ("customers", "name:str:max=120", "email:email:unique"),
    (
        "orders",
        "customer:belongs_to=customers",
        "total:decimal=12.2:min=0",
        "status:enum=draft/paid/sent:default=draft",
        "note:text:null",
    ),
    (
        "pedidos",
        "usuario_id:string",
        "producto_id:string",
        "cantidad:number",
        "total:number",
        "estado:string:default=pendiente",
        "notas:text:null",
        "metadata:json:null",
    ),
    ("lineas_pedido", "pedido:belongs_to=pedidos", "cantidad:int:min=1:max=10"),
    ("things", *EVERY_TYPE),
    ("empties", "--no-timestamps"),
    ("articles", "title", "slug:slug:unique", "--soft-delete"),
    (
        "reviews",
        "thing:belongs_to=things",
        "author:belongs_to=customers:null",
        "other:belongs_to=customers:on_delete=cascade",
        "--table",
        "book_reviews",
    ),
    ("replies", "review:belongs_to=reviews", "text:text"),
    ("tags", "label:str:unique"),
    (
        "posts",
        "title",
        "tags:many_to_many=tags/label",
        "parent:belongs_to=posts:null",
        "children:has_many=posts",
        "related:many_to_many=posts",
    ),
    ("profiles", "customer:belongs_to=customers:unique", "bio:text"),
)

# What is added to those modules afterwards; the last of them keep nothing in the database.
FIELDS: tuple[tuple[str, ...], ...] = (
    ("replies", "mood:enum=good/bad:default=good:index", "author:belongs_to=customers:null", "code:str:null:unique"),
    ("customers", "favourites:many_to_many=orders/total"),
    ("tags", "kind:enum=a/b:null", "seen_at:datetime:default=now"),
    ("customers", "orders:has_many=orders/total/status/note", "profile:has_one=profiles/bio"),
)
# What a person wrote into services that other modules are joined with.
WRITTEN: dict[str, tuple[str, str]] = {
    "articles": (
        """import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal
""",
        """
    async def reserve_stock(self, article_id: UUID, quantity: int, *, note: str, rush: bool = False) -> None:
        \"\"\"Take from the stock.\"\"\"

    async def price_of(self, article_id: UUID, day: dt.date, kind: Literal["net", "gross"] = "net") -> Decimal:
        return Decimal(1)

    def words_for(self, words: Sequence[str], *, limit: int | None, of: Mapping[str, Decimal]) -> Mapping[str, str]:
        return {word: word for word in words[:limit]}

    async def note(self, event: Event) -> None:
        \"\"\"Remember what happened.\"\"\"

    async def recount(self) -> Article:
        raise NotFoundError("there is nothing to count")
""",
    ),
}
# One of everything that grows a project beside modules.
GROWN: tuple[tuple[str, ...], ...] = (
    (
        "make:aggregate",
        "accounts",
        "holder:str:max=120:unique",
        "currency:enum=eur/usd",
        "credit:decimal=12.2:min=0:null",
    ),
    (
        *("make:aggregate", "line_items"),
        *"n:int:min=1 text:text ok:bool fl:float tm:time u:uuid bi:bigint at:datetime email:email:null:pii".split(),
        *"url:url slug:slug day:date:null a_rather_long_name_of_it:str another_rather_long_name:str:unique".split(),
    ),
    ("make:event", "accounts", "frozen", "reason:str:max=200", "until:date:null", "origin:enum=owner/bank", "currency"),
    ("make:event", "accounts", "closed", "--command", "close_account"),
    (
        "make:event",
        "line_items",
        "moved_to_another_warehouse",
        "warehouse:uuid",
        "a_rather_long_name_of_it",
        "moved_at:datetime",
    ),
    ("make:command", "rename_account", "--of", "accounts", "--change", "holder"),
    ("make:command", "set_terms", "--of", "accounts", "--change", "currency,credit", "--queued"),
    (
        "make:command",
        "set_nearly_everything",
        "--of",
        "line_items",
        "--change",
        "text,at,url,email,a_rather_long_name_of_it",
    ),
    ("make:projection", "account_overviews", "--of", "accounts"),
    ("make:projection", "line_item_overviews", "--of", "line_items"),
    ("make:query", "accounts_held_by", "--of", "account_overviews", "--where", "holder,currency"),
    ("make:query", "items_with", "--of", "line_item_overviews", "--where", "ok,at,n,bi,a_rather_long_name_of_it"),
    ("make:connector", "things", "pedidos"),
    ("make:connector", "orders", "articles", "--call", "price_of"),
    ("make:connector", "customers", "articles", "--call", "words_for"),
    ("make:connector", "orders", "articles", "--on", "orders.confirmed", "--call", "reserve_stock"),
    ("make:connector", "orders", "articles", "--on", "orders.line.added", "--call", "note"),
    ("make:connector", "customers", "articles", "--on", "customers.created", "--call", "recount"),
    ("make:helper", "slugify"),
    ("make:helper", "LineTotal"),
    ("make:idempotency",),
    ("make:middleware", "api-version"),
    ("make:middleware", "maintenance"),
    ("make:usecase", "orders", "confirm_order"),
    ("make:usecase", "lineas_pedido", "CheckEverythingThatWasEverOrderedByOthers"),
    ("make:migration", "add_index_to_orders"),
    ("make:migration", "backfill", "--sql"),
    ("make:seed", "countries"),
    ("make:seed", "busy_week", "--module", "orders"),
    ("make:job", "send_receipt"),
    ("make:job", "ExportReport"),
    ("make:job", "poll_prices", "--every", "15m"),
    ("make:job", "tidy_up", "--cron", "0 3 * * *", "--zone", "Europe/Madrid"),
    ("make:job", "send_welcome", "--on", "customers.created"),
    ("make:row-events",),
    ("make:snapshots",),
    ("make:personal-data",),
    ("make:event-archive",),
    ("make:audit",),
    ("make:mail-outbox",),
    ("make:circuit-breaker", "payments"),
    ("make:circuit-breaker", "mail", "--port", "mail"),
    ("make:push-outbox",),
    ("make:circuit-breaker", "push", "--port", "push"),
    ("make:webhooks",),
    ("make:webhook-receiver", "acme"),
    ("make:stream", "exports"),
    ("make:stream", "order_feed", "--access", "orders:read"),
    ("make:websocket", "open_door"),
    ("make:websocket", "reports", "--access", "reports:read", "--job", "export_report"),
)
_MIGRATING = {"make:idempotency", "make:migration", "make:projection"}
# Made once: tables of the event store, its archive and the bus, commands, projections, snapshots, reservations, keys of
# people, queue, scheduler, audit and web-hooks.
MIGRATIONS = len(MODULES) + len(FIELDS) - 1 + sum(words[0] in _MIGRATING for words in GROWN) + 12


# Plugins of pytest that are here for the tests of arckode; to import them takes longer than to test a small project.
PYTEST = {"PYTEST_ADDOPTS": "-p no:schemathesis -p no:hypothesispytest"}

# Every adapter but the databases, which take each other's place; all of them together on one project.
ADAPTERS = (
    *("bus-kafka", "bus-rabbitmq", "bus-redis", "event-relay"),
    *("event-store-mariadb", "event-store-mongodb", "event-store-postgres", "event-store-redis", "event-store-sqlite"),
    *("jwt", "local", "redis-cache", "redis-limits", "redis-queue", "s3", "smtp"),
)


_KEPT = tempfile.TemporaryDirectory(prefix="arckode_projects_", ignore_cleanup_errors=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program did."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        return self.stdout + self.stderr


def run(cwd: Path, *command: str, env: dict[str, str] | None = None, stdin: str = "") -> Outcome:
    """Run a program and return what it said; nothing of this test run's own environment leads it astray."""
    base = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "DATABASE_", "COV_"))}
    done = subprocess.run(
        command, cwd=cwd, env={**base, **(env or {})}, input=stdin, capture_output=True, text=True, check=False
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def arckode(cwd: Path, *words: str, env: dict[str, str] | None = None, stdin: str = "") -> Outcome:
    """Run arckode's command line in a folder."""
    return run(cwd, sys.executable, "-P", "-m", "arckode_gen", *words, env=env, stdin=stdin)


def make(cwd: Path, *words: str) -> None:
    """Run a command that makes something, and let it keep the templates that it compiled for those that follow."""
    must(arckode(cwd, *words, env={"PYTHONDONTWRITEBYTECODE": ""}))


def must(outcome: Outcome) -> Outcome:
    """Fail with everything that was said unless a program succeeded."""
    assert outcome.code == 0, outcome.text
    return outcome


def new_project(folder: Path, name: str = "shop", *flags: str) -> Path:
    """Put into a folder what `arckode new` makes: it is made once, and copied."""
    return Path(shutil.copytree(_made(name, flags), folder / name))


@cache
def _made(name: str, flags: tuple[str, ...]) -> Path:
    folder = Path(_KEPT.name, str(len(list(Path(_KEPT.name).iterdir()))))
    folder.mkdir()
    make(folder, "new", name, "--no-git", *flags)
    compiled(folder / name)
    return folder / name


def compiled(root: Path) -> Path:
    """Compile a project for the processes that will import it; what is edited in the same second is compiled again."""
    for part in ("src", "tests"):
        assert compileall.compile_dir(root / part, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return root


def write_methods(root: Path) -> None:
    """Put into services what a person wrote, with the imports that it needs."""
    for module, (imports, methods) in WRITTEN.items():
        service = root / f"src/shop/modules/{module}/service.py"
        docstring, _, rest = service.read_text().partition("\n\n")
        event = "from shop.kernel.events import Event\n"
        rest = rest.replace("from collections.abc import Mapping\n", imports).replace(
            "from shop.kernel.rep", f"{event}from shop.kernel.rep"
        )
        service.write_text(f"{docstring}\n\n{rest}{methods}")


def tree(root: Path) -> dict[str, bytes]:
    """Return every file of a project but what is git-ignored."""
    ignored = (".arckode/history", ".arckode/lock", ".arckode/cache", "__pycache__", ".db")
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not any(part in path.as_posix() for part in ignored)
    }


def tool(root: Path, name: str, *words: str, env: dict[str, str] | None = None) -> Outcome:
    """Run a tool of the environment, such as ruff, in a project."""
    return run(root, sys.executable, "-m", name, *words, env={**PYTEST, **(env or {})})
