"""The front end's rules on what TypeScript and Vue really hold: other spellings, other scopes, and what is no code."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import engine
from arckode_analyzers import files as files_module
from arckode_analyzers.config import Config
from arckode_analyzers.facts.front_file import extract_front
from arckode_analyzers.run import Wanted, analyse
from tests.rules.projects import findings, places, plant

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_analyzers.facts.records import Mark

PAGE = "frontend/src/pages/orders/OrdersListPage.vue"
SERVICE = "frontend/src/services/orders.service.ts"
STORE = "frontend/src/stores/orders.store.ts"
CONTROLLER = """\
from shop.kernel.access import PUBLIC
from shop.kernel.http.routing import ModuleRouter

class OrdersController:
    def router(self):
        routes = ModuleRouter("order_lines")
        routes.get("", self.index, access=PUBLIC)
        routes.post("", self.store, access=PUBLIC)
        routes.get("/{key:path}", self.show, access=PUBLIC)
        return routes.router

    async def index(self): ...

    async def store(self, body): ...

    async def show(self, key): ...
"""


def marked(text: str, *what: str, kind: str = "ts") -> list[Mark]:
    return [mark for mark in extract_front(text.encode(), kind).marks if not what or mark.what in what]


def names(text: str, what: str, kind: str = "ts") -> list[str]:
    return [mark.name for mark in marked(text, what, kind=kind)]


def setup(script: str) -> str:
    return f'<script setup lang="ts">\n{script}</script>\n'


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param("fetch('/x');", ["fetch"], id="called"),
        pytest.param("const send = fetch;", ["fetch"], id="renamed"),
        pytest.param("run(fetch);", ["fetch"], id="handed on"),
        pytest.param("const all = { fetch };", ["fetch"], id="in an object"),
        pytest.param("window.fetch('/x');", ["fetch"], id="of the window"),
        pytest.param("globalThis['fetch']('/x');", ["fetch"], id="by its key"),
        pytest.param("const { fetch: send, open } = window;", ["fetch"], id="taken out of the window"),
        pytest.param("({ localStorage: kept } = globalThis);", ["localStorage"], id="taken out into a variable"),
        pytest.param("const { fetch = f } = self; fetch('/x');", ["fetch"], id="taken out with a default"),
        pytest.param("const { fetch } = mine.window; fetch('/x');", [], id="taken out of another window"),
        pytest.param("const window = all(); const { fetch } = window;", [], id="a window of the file"),
        pytest.param("self.sessionStorage.clear();", ["sessionStorage"], id="of a worker"),
        pytest.param("document.cookie = 'a';", ["document.cookie"], id="the cookies"),
        pytest.param("{ const fetch = 1; } fetch('/x');", ["fetch"], id="another block has the name"),
        pytest.param("function f(fetch: () => void) {} fetch('/x');", ["fetch"], id="another function has it"),
        pytest.param("import { fetch as get } from 'x'; fetch('/x');", ["fetch"], id="imported as something else"),
        pytest.param("window.open('/x'); document.title = 'fetch';", [], id="other members"),
        pytest.param("new Store().fetch(); this.localStorage.x;", [], id="members of others"),
        pytest.param("const fetch = load; fetch('/x');", [], id="a constant"),
        pytest.param("import { fetch } from './api'; fetch('/x');", [], id="imported"),
        pytest.param("import fetch from './api'; fetch('/x');", [], id="imported as the default"),
        pytest.param("import * as fetch from './api'; fetch.x();", [], id="a namespace"),
        pytest.param("import { get as fetch } from './api'; fetch('/x');", [], id="imported by that name"),
        pytest.param("const { fetch } = use(); () => fetch('/x');", [], id="taken out of an object"),
        pytest.param("const { get: fetch } = use(); fetch('/x');", [], id="taken out under that name"),
        pytest.param("const [fetch] = use(); fetch('/x');", [], id="taken out of a list"),
        pytest.param("const f = (fetch: () => void) => fetch();", [], id="a parameter"),
        pytest.param("const f = fetch => fetch();", [], id="a parameter without parentheses"),
        pytest.param(
            "function f(a: number, ...fetch: number[]) { return fetch; }", [], id="the rest of the parameters"
        ),
        pytest.param("function f(fetch?: () => void) { return fetch; }", [], id="an optional parameter"),
        pytest.param("for (const fetch of all) fetch();", [], id="of a loop"),
        pytest.param("try { f(); } catch (fetch) { g(fetch); }", [], id="what was caught"),
        pytest.param("function fetch() {} fetch();", [], id="a function of the file"),
        pytest.param("class fetch {} new fetch();", [], id="a class of the file"),
        pytest.param("if (typeof localStorage !== 'undefined') f();", [], id="asked whether it is there"),
        pytest.param("type F = typeof fetch;", [], id="its type"),
        pytest.param("type F = ReturnType<typeof window.fetch>;", [], id="the type of a member"),
        pytest.param("if (window.fetch) f();", [], id="asked about as a member"),
        pytest.param("const [localStorage = 2] = a; f(localStorage);", [], id="taken out with a default"),
        pytest.param("declare function fetch(a: string): void; fetch('/x');", [], id="declared"),
        pytest.param("import fetch = require('node-fetch'); fetch('/x');", [], id="required"),
        pytest.param("function f(send = fetch) {}", ["fetch"], id="as a default"),
        pytest.param("type F = (fetch: X) => void; fetch('/x');", ["fetch"], id="a function's type has the name"),
        pytest.param("const text = 'fetch(1)'; // fetch(1)", [], id="words"),
    ],
)
def test_what_the_browser_gives_is_told_from_what_has_its_name(script: str, found: list[str]) -> None:
    assert names(script, "global") == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("import './a';", [("./a", "")]),
        ("import a, { type B } from './a';", [("./a", "")]),
        ("import { b, type C } from './a';", [("./a", "")]),
        ("import { type B, type C } from './a';", [("./a", "type")]),
        ("import type B from './a';", [("./a", "type")]),
        ("import * as a from './a';", [("./a", "")]),
        ("export { a } from './a';", [("./a", "")]),
        ("export type { A } from './a';", [("./a", "type")]),
        ("export type * from './a';", [("./a", "type")]),
        ("export * from './a';", [("./a", "")]),
        ("export { type A } from './a';", [("./a", "type")]),
        ("export { type A, b } from './a';", [("./a", "")]),
        ("import type from './a';", [("./a", "")]),
        ("export\n  type\n* from './a';", [("./a", "type")]),
        ("const a = await import('./a');", [("./a", "")]),
        ("const a = 'import \"./a\"';", []),
    ],
)
def test_imports_are_told_from_those_of_types(script: str, found: list[tuple[str, str]]) -> None:
    assert [(mark.name, mark.detail) for mark in marked(script, "import")] == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param("fetch('/a')", [("/a", "GET fetch")], id="plain"),
        pytest.param("fetch('/a?b=1#c')", [("/a", "GET fetch")], id="without what follows"),
        pytest.param("fetch(`/a/${b}/c?d=${e}`)", [("/a/{}/c", "GET fetch")], id="a template"),
        pytest.param("fetch('/a/' + b + '/c')", [("/a/{}/c", "GET fetch")], id="a sum"),
        pytest.param("fetch('/a?b=' + c)", [("/a", "GET fetch")], id="a sum behind the question mark"),
        pytest.param("window.fetch('/a', { method: 'put' })", [("/a", "PUT fetch")], id="a method"),
        pytest.param("fetch('/a', { method })", [("/a", "* fetch")], id="a method of that name"),
        pytest.param("fetch('/a', { ...given, cache: 'no-store' })", [("/a", "* fetch")], id="options that are spread"),
        pytest.param("fetch('/a', given)", [("/a", "* fetch")], id="options from elsewhere"),
        pytest.param("fetch('/a', { cache: 'no-store' })", [("/a", "GET fetch")], id="options without a method"),
        pytest.param("fetch('//b.c/a')", [], id="another host without a scheme"),
        pytest.param(
            "import x from 'axios'; const y = x.create({ baseURL: 'https://b.c' }); y.get('/a')",
            [],
            id="an instance for another host",
        ),
        pytest.param(
            "import x from 'axios'; const y = x.create({ baseURL: '/api' }); y.get('/a')",
            [("/a", "GET instance")],
            id="an instance for this host",
        ),
        pytest.param("fetch('/a', { method: verb })", [("/a", "* fetch")], id="a method that is computed"),
        pytest.param("import x from 'axios'; x.delete('/a')", [("/a", "DELETE axios")], id="a library"),
        pytest.param("import x from 'ky'; x('/a', { method: 'post' })", [("/a", "POST ky")], id="called itself"),
        pytest.param("import { ofetch as x } from 'ofetch'; x('/a')", [("/a", "GET ofetch")], id="renamed"),
        pytest.param(
            "import x from 'axios'; const y = x.create({}); y.get('/a')", [("/a", "GET instance")], id="an instance"
        ),
        pytest.param("import { y } from './http'; y.get('/a')", [("/a", "GET ./http:y")], id="of another file"),
        pytest.param(
            "import { send } from './runtime'; send(o, 'GET', at`/a/${b}`)", [("/a/{}", "GET client")], id="the client"
        ),
        pytest.param("cache.get('/a'); open('/a'); router.push('/a')", [], id="what sends nothing"),
        pytest.param("fetch(`${base}/a`); fetch('https://b.c/a'); fetch(a + '/b')", [], id="another host"),
        pytest.param("const f = fetch; const g = ['/a'];", [], id="no call"),
    ],
)
def test_requests_are_read_with_path_method_and_sender(script: str, found: list[tuple[str, str]]) -> None:
    assert [(mark.name, mark.detail) for mark in marked(script, "request")] == found


def test_a_component_is_cut_by_the_grammar_and_not_by_its_words() -> None:
    text = """\
<!-- <script>fetch("/a")</script> <style></style> -->
<script lang="ts">
export const text = "<template> fetch(1)"; // </template>
</script>

<script setup lang="ts">
const rows = a < b && c > d ? 1 : fetch("/b");
</script>

<template>
  <p v-if="a < b && c > d" title="<script>">{{ a < b ? '<a href="/c">' : "</p>" }}</p>
  <a href="/d">x</a>
</template>

<style scoped></style>
"""
    found = [(mark.what, mark.line, mark.name) for mark in marked(text, kind="vue")]
    assert found == [("global", 7, "fetch"), ("link", 12, "/d"), ("request", 7, "/b")]


@pytest.mark.parametrize(
    "head",
    [
        '<script setup lang="ts">\nconst open = "{{";\n</script>',
        '<script setup lang="ts">\nconst open = a.split("{{")[0], all = `{{ x }}`;\n</script>',
        '<script setup lang="ts" src="./a.ts" />',
    ],
)
def test_no_text_of_a_script_hides_the_rest_of_a_component(head: str) -> None:
    text = f'{head}\n<template><p v-html="note">{{{{ x as any }}}}</p></template>\n<style>p {{}}</style>\n'
    assert [mark.what for mark in marked(text, kind="vue")] == ["any", "html", "style"]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("a.innerHTML += b;", ["innerHTML"]),
        ("a['outerHTML'] = b;", ["outerHTML"]),
        ("a.insertAdjacentHTML('beforeend', b);", ["insertAdjacentHTML"]),
        ("const b = a.innerHTML; a.textContent = b;", []),
    ],
)
def test_markup_is_put_in_in_several_ways(script: str, found: list[str]) -> None:
    assert names(script, "html") == found


@pytest.mark.parametrize(
    "script",
    [
        "interface A<in out T> { a: T }",
        "class A { static accessor b = 1 }",
        "import defer * as a from './a';",
        "const a = { b: 1 } satisfies B; using c = d();",
        "const a = <const T,>(b: T) => b;",
    ],
)
def test_what_is_new_in_typescript_is_read(script: str) -> None:
    assert marked(script, "global") == []


def test_a_component_made_by_a_function_is_none_of_options() -> None:
    text = (
        '<script lang="ts">\nexport default defineComponent((props) => () => props.a, { props: ["a"] });\n</script>\n'
    )
    assert marked(text, "options", kind="vue") == []


def test_the_same_text_is_read_by_what_its_file_is_called() -> None:
    cast = b"const id = <Foo>bar;\n"
    verdict = engine.judge({"frontend/src/a.ts": cast, "frontend/src/z.tsx": cast}, Config())
    assert [each.partition(":")[0] for each in verdict.incomplete] == ["frontend/src/z.tsx"]


def test_a_component_may_be_written_in_tsx() -> None:
    text = '<script lang="tsx">\nexport const row = (x: any) => <a href="/b">{fetch("/a")}</a>;\n</script>\n'
    assert [mark.what for mark in marked(text, kind="vue")] == ["any", "global", "request"]
    assert names("const row = <p>{fetch('/a')}</p>;", "global", kind="tsx") == ["fetch"]


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>{{ (a as any).b }}</p>", 1),
        ('<p :a="b as any" @c="(d: any) => e(d)" v-if="f as any" #g="{ h }" />', 3),
        ('<p a="any" b="as any">any {{ any }}</p>', 0),
        ("<!-- {{ a as any }} -->", 1),  # mustaches come before everything, as they do for Vue
    ],
)
def test_the_types_in_a_template_are_read(template: str, found: int) -> None:
    assert len(marked(f"<template>{template}</template>", "any", kind="vue")) == found


def test_what_lies_elsewhere_is_judged_by_none_of_these_rules() -> None:
    text = setup("const a: any = fetch('/x');\n")
    assert places({"admin/src/pages/A.vue": text, "frontend/vite.config.ts": "const a: any = 1;"}) == []
    assert places({"frontend/src/a.test.ts": "const a: any = 1;", "frontend/src/a.d.ts": "declare const b: any;"}) == []


def test_a_way_over_several_files_is_shown() -> None:
    project = {
        SERVICE: 'import { token } from "../composables/useToken";\n\nexport const a = token;\n',
        "frontend/src/composables/useToken.ts": '\nexport { token } from "@/stores/orders.store";\n',
        STORE: "export const token = 1;\n",
    }
    (found,) = findings(project, "ARC702")
    assert found.message == "this service imports a store, through `../composables/useToken`"
    assert [(step.path, step.line) for step in found.chain] == [("frontend/src/composables/useToken.ts", 2)]


def test_files_that_import_each_other_in_a_circle_are_followed_once() -> None:
    project = {
        SERVICE: 'import "./other.service";\n',
        "frontend/src/services/other.service.ts": 'import "./orders.service";\nimport "../nowhere";\n',
    }
    assert places(project, "ARC702") == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("fetch('/order-line')", "the API has no `/order-line`"),
        (
            "fetch('/api/v1/order-lines', { method: 'PATCH' })",
            "the API has no PATCH `/api/v1/order-lines`, only GET, POST",
        ),
        ("fetch('/order-lines/a/b/c', { method: 'POST' })", "the API has no POST `/order-lines/a/b/c`, only GET"),
        ("fetch('/order-lines', { method: verb })", ""),
        ("fetch('/order-lines/a/b/c')", ""),
        ("fetch('/streams/feed')", ""),
        ("fetch('/')", "the API has no `/`"),
        ("fetch('/locales/en.json')", ""),
        ("fetch('/order-line', init)", "the API has no `/order-line`"),
        ("fetch('/order-lines', init)", ""),
    ],
)
def test_requests_meet_the_routes(call: str, message: str) -> None:
    found = findings(
        {"src/shop/modules/lines/controller.py": CONTROLLER, SERVICE: f"export const a = {call};\n"}, "ARC706"
    )
    assert [each.message for each in found] == ([message] if message else [])


def test_a_near_path_is_suggested_and_an_old_client_is_told_to_be_generated() -> None:
    project = {
        "src/shop/modules/lines/controller.py": CONTROLLER,
        SERVICE: "export const a = fetch('/order-line');\n",
        "frontend/src/api/lines.ts": "import { send } from './runtime';\nsend({}, 'PUT', '/order-lines');\n",
    }
    found = {each.path: each.hint for each in findings(project, "ARC706")}
    assert found[SERVICE].startswith("did you mean `/order-lines`?")
    assert found["frontend/src/api/lines.ts"].endswith("`arckode generate:api-client`")


@pytest.mark.parametrize(
    "text",
    [
        setup("const a: any = 1; // arckode: ignore[ARC705] the library has no types\n"),
        setup("// arckode: ignore[ARC705] the library has no types\nconst a: any = 1;\n"),
        setup("/* arckode: ignore[ARC705] the library has no types */\n\nconst a: any = 1;\n"),
        "<template>\n  <!-- arckode: ignore[ARC707] cleaned -->\n  <p\n    id='a'\n    v-html='b'\n  />\n</template>\n",
    ],
)
def test_a_finding_is_suppressed_beside_it_or_above_it(tmp_path: Path, text: str) -> None:
    plant(tmp_path, {"pyproject.toml": "", PAGE: text})
    report = analyse(Wanted(tmp_path, "2026-11-22"))
    assert (list(report.findings), report.incomplete) == ([], ())
    assert report.suppressed == 1


def test_a_suppression_that_suppresses_nothing_is_a_finding(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "", SERVICE: "// arckode: ignore[ARC705] old\nexport const a = 1;\n"})
    assert [each.code for each in analyse(Wanted(tmp_path, "2026-11-22")).findings] == ["ARC002"]


def test_what_cannot_be_parsed_is_said_with_its_line() -> None:
    for path, text in ((SERVICE, "export const a = 1;\nconst = ;\n"), (PAGE, setup("const = ;\n"))):
        verdict = engine.judge({path: text.encode()}, Config())
        assert verdict.incomplete == (f"{path}: the grammar of TypeScript cannot read it (line 2)",)


def test_without_the_grammars_it_says_so_and_judges_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"pyproject.toml": "", SERVICE: "const a: any = 1;\n", STORE: "", "src/shop/main.py": ""})
    find = importlib.util.find_spec
    monkeypatch.setattr(files_module, "find_spec", lambda name: None if name == "tree_sitter_html" else find(name))
    report = analyse(Wanted(tmp_path, "2026-11-22"))
    assert list(report.findings) == []
    assert report.incomplete == (
        f"{SERVICE}: the front end is not judged; install what reads it: pip install 'arckode[frontend]'",
    )


def test_the_gate_judges_a_component_before_it_is_written(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "[tool.arckode]\n", "src/shop/main.py": ""})
    proposed = {"tool_input": {"file_path": str(tmp_path / PAGE), "content": setup("const a: any = 1;\n")}}
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "arckode_gen", "hook", "pre-write"],
        cwd=tmp_path,
        input=json.dumps(proposed),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "ARC705" in ended.stderr


def test_an_edit_of_a_component_is_seen_by_the_next_run(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "", PAGE: setup("const a = 1;\n"), "src/shop/main.py": ""})
    wanted = Wanted(tmp_path, "2026-11-22")
    assert list(analyse(wanted).findings) == []
    (tmp_path / PAGE).write_text(setup("const a: any = 1;\n"))
    assert [each.code for each in analyse(wanted).findings] == ["ARC705"]
