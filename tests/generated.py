"""Generated projects for tests: made by the real command line, checked by the real tools."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

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
)


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


def must(outcome: Outcome) -> Outcome:
    """Fail with everything that was said unless a program succeeded."""
    assert outcome.code == 0, outcome.text
    return outcome


def new_project(folder: Path, name: str = "shop", *flags: str) -> Path:
    must(arckode(folder, "new", name, "--no-git", *flags))
    return folder / name


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
    return run(root, sys.executable, "-m", name, *words, env=env)
