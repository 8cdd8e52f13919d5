"""Circles between modules: which calls close one, and which only look."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, findings, places


def service(name: str, *others: str, body: str) -> str:
    imports = "".join(f"from shop.modules.{each}.service import {each.title()}\n" for each in others)
    parameters = "".join(f", {each}: {each.title()}" for each in others)
    assigned = "".join(f"        self._{each} = {each}\n" for each in others)
    return f"""\
from shop.kernel.events import EventBus, new_event
from shop.kernel.repository import RepositoryAdapter
{imports}
class {name.title()}:
    def __init__(self, rows: RepositoryAdapter["Row"], bus: EventBus{parameters}) -> None:
        self._rows, self._bus = rows, bus
{assigned}
{body}"""


def path(name: str) -> str:
    return f"src/shop/modules/{name}/service.py"


WRITE = "    async def write(self, key):\n        await self._rows.update(key, {})\n"
READ = "    async def read(self, key):\n        return await self._rows.find_by_id(key)\n"
TELL = '    async def go(self, event):\n        await self._bus.emit(new_event("NAME", key=1))\n'
CASES: dict[str, dict[str, str]] = {
    "three modules in a row, back to the first": {
        path("a"): service(
            "a", "b", body="    async def go(self, key):\n        await self._b.go(key)  # error: ARC109\n" + WRITE
        ),
        path("b"): service("b", "c", body="    async def go(self, key):\n        await self._c.go(key)\n"),
        path("c"): service("c", "a", body="    async def go(self, key):\n        await self._a.write(key)\n"),
    },
    "a write one way and a look the other": {
        path("a"): service(
            "a", "b", body="    async def go(self, key):\n        await self._b.write(key)  # error: ARC109\n" + READ
        ),
        path("b"): service("b", "a", body="    async def see(self, key):\n        await self._a.read(key)\n" + WRITE),
    },
    "looks both ways": {
        path("a"): service("a", "b", body="    async def go(self, key):\n        await self._b.read(key)\n" + READ),
        path("b"): service("b", "a", body="    async def see(self, key):\n        await self._a.read(key)\n" + READ),
    },
    "two modules that both use a third": {
        path("a"): service("a", "c", body="    async def go(self, key):\n        await self._c.write(key)\n"),
        path("b"): service("b", "c", body="    async def go(self, key):\n        await self._c.write(key)\n"),
        path("c"): service("c", body=WRITE),
    },
    "events both ways": {
        path("a"): service(
            "a",
            body=TELL.replace("NAME", "a.gone").replace("))", "))  # error: ARC109"),
        ),
        path("b"): service("b", body=TELL.replace("NAME", "b.gone")),
        "src/shop/composition_root.py": """\
from shop.kernel.events import EventBus
from shop.modules.a.service import A
from shop.modules.b.service import B

def compose(bus: EventBus, a: A, b: B):
    bus.on("a.gone", b.go)
    bus.on("b.gone", a.go)
""",
    },
    "an event that nobody of the circle hears": {
        path("a"): service("a", body=TELL.replace("NAME", "a.gone")),
        path("b"): service("b", "a", body="    async def go(self, event):\n        await self._a.go(event)\n"),
        "src/shop/composition_root.py": """\
from shop.kernel.events import EventBus
from shop.modules.b.service import B

def compose(bus: EventBus, b: B):
    bus.on("c.gone", b.go)
""",
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in CASES.items()])
def test_modules_do_not_act_on_each_other_in_a_circle(files: dict[str, str]) -> None:
    assert places(files, "ARC109") == expected(files)


def test_the_chain_shows_the_whole_circle() -> None:
    files = CASES["three modules in a row, back to the first"]
    (finding,) = findings(files, "ARC109")
    assert finding.message.endswith("a -> b -> c -> a")
    assert [step.path for step in finding.chain] == [path("a"), path("b"), path("c")]
