"""A stub is data: a folder in `.arckode/stubs/` is a command, and every mistake in it is one clear message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from arckode_gen import commands
from arckode_gen.engine import stubs
from arckode_gen.errors import CrashError, RefusedError, UsageError
from tests.commands.calls import arckode, call
from tests.shell.trees import plant, project, tree

if TYPE_CHECKING:
    from pathlib import Path

HOME = ".arckode/stubs/feed/"
STUB = """\
command: make:feed
summary: Add a feed.
params:
  - { name: name, kind: argument, type: name, required: true, help: "The module." }
  - { name: size, type: int, default: 10 }
  - { name: order, choices: [newest, oldest], default: newest }
  - { name: quiet, type: bool }
files:
  - { path: "src/{{ package }}/feeds/{{ name.plural }}.py", template: feed.py.jinja }
  - { path: "docs/{{ name.kebab_plural }}.md", template: feed.md.jinja, when: "size > 20" }
wires:
  - edit: import
    file: "src/{{ package }}/composition_root.py"
    statement: "from {{ package }}.feeds.{{ name.plural }} import register_{{ name.plural }}_feed"
  - { edit: register, file: "src/{{ package }}/composition_root.py", function: compose,
      statement: "register_{{ name.plural }}_feed(kernel)", when: "not quiet" }
  - { edit: setting, file: "src/{{ package }}/settings.py", statement: "feed_size: int = {{ size }}" }
  - { edit: dependency, file: pyproject.toml, statement: "feedgen>=1.0" }
steps:
  - { description: serve it, command: arckode dev }
notes:
  - "{% if order == 'oldest' %}the oldest rows come first{% endif %}"
"""
TWICE = STUB.replace("docs/{{ name.kebab_plural }}.md", "src/{{ package }}/feeds/{{ name.plural }}.py").replace(
    "size > 20", "size"
)
FILES: dict[str, bytes] = {
    HOME + "stub.yml": STUB.encode(),
    HOME + "tree/feed.py.jinja": b'"""The feed of {{ name.plural }}."""\n\nSIZE = {{ size }}\n',
    HOME + "tree/feed.md.jinja": b"# {{ name.pascal_plural }}\n",
    "pyproject.toml": b'[project]\nname = "shop"\ndependencies = [\n    "fastapi>=0.165",\n]\n',
    "src/shop/settings.py": b"class Settings:\n    app_name: str = 'shop'\n",
    "src/shop/composition_root.py": b"def compose(settings):\n    kernel = Kernel(settings)\n    return kernel\n",
}


def test_a_folder_is_a_command(tmp_path: Path) -> None:
    project(tmp_path, FILES)
    heard = call(tmp_path, "make:feed", "orders", "--size", "25", "--order", "oldest")
    assert (tmp_path / "src/shop/feeds/orders.py").read_text() == '"""The feed of orders."""\n\nSIZE = 25\n'
    assert (tmp_path / "docs/orders.md").read_text() == "# Orders\n"
    root = (tmp_path / "src/shop/composition_root.py").read_text()
    assert "from shop.feeds.orders import register_orders_feed\n" in root
    assert "    register_orders_feed(kernel)\n" in root
    assert "    feed_size: int = 25\n" in (tmp_path / "src/shop/settings.py").read_text()
    assert '    "feedgen>=1.0",\n' in (tmp_path / "pyproject.toml").read_text()
    assert "note: the oldest rows come first" in heard.out
    assert "next: serve it: arckode dev" in heard.out
    unit = json.loads((tmp_path / ".arckode/units/feed.orders.json").read_text())
    assert [edit["kind"] for edit in unit["edits"]] == ["import", "register", "setting", "dependency"]


def test_the_second_time_there_is_nothing_to_do_and_undo_takes_all_of_it_back(tmp_path: Path) -> None:
    project(tmp_path, FILES)
    before = tree(tmp_path)
    call(tmp_path, "make:feed", "orders")
    after = tree(tmp_path)
    assert "nothing to do" in call(tmp_path, "make:feed", "orders").out
    assert tree(tmp_path) == after
    arckode(tmp_path, "undo")
    assert tree(tmp_path) == before


def test_what_is_not_wanted_is_left_out(tmp_path: Path) -> None:
    project(tmp_path, FILES)
    call(tmp_path, "make:feed", "orders", "--quiet")
    assert not (tmp_path / "docs").exists()
    assert "register_orders_feed(kernel)" not in (tmp_path / "src/shop/composition_root.py").read_text()


def test_each_makes_a_file_and_a_line_for_every_item(tmp_path: Path) -> None:
    stub = (
        "summary: Many.\nfiles:\n  - {path: 'parts/{{ item }}.txt', template: part.jinja, each: parts}\n"
        "wires:\n  - {edit: dependency, file: pyproject.toml, statement: '{{ item }}>=1', each: parts}\n"
    )
    derive = b"def derive(values, project):\n    return {'parts': ['alpha', 'beta']}\n"
    own = {"stub.yml": stub.encode(), "tree/part.jinja": b"{{ item }} of {{ package }}\n", "derive.py": derive}
    project(tmp_path, {**FILES, **{f".arckode/stubs/many/{path}": content for path, content in own.items()}})
    call(tmp_path, "make:many")
    assert (tmp_path / "parts/beta.txt").read_text() == "beta of shop\n"
    assert '"alpha>=1",\n    "beta>=1",' in (tmp_path / "pyproject.toml").read_text()
    assert (tmp_path / ".arckode/units/many.many.json").is_file()


def test_a_projects_stub_comes_before_ours(tmp_path: Path) -> None:
    project(tmp_path, {".arckode/stubs/module/stub.yml": b"summary: Our own way.\n"})
    assert commands.find("make:module", tmp_path).spec.summary == "Our own way."
    assert commands.find("make:module", tmp_path.parent).spec.summary != "Our own way."


def test_it_is_found_from_a_folder_inside_the_project(tmp_path: Path) -> None:
    project(tmp_path, FILES)
    assert "make:feed" in commands.names(tmp_path / "src/shop")
    call(tmp_path / "src/shop", "make:feed", "orders")
    assert (tmp_path / "src/shop/feeds/orders.py").is_file()


MISTAKES = [
    pytest.param("a: [", "is not valid YAML", id="no YAML"),
    pytest.param("", "expected keys and values, found nothing", id="an empty file"),
    pytest.param("- a\n", "expected keys and values, found a list", id="a list"),
    pytest.param("sumary: x\n", "unknown key 'sumary'\ndid you mean 'summary'?", id="a key that is misspelt"),
    pytest.param("summary: [x]\n", "'summary' must be text, not a list", id="a summary that is no text"),
    pytest.param("version: one\n", "'version' must be a whole number, not 'one'", id="a version in words"),
    pytest.param("summary: x\ncommand: make:y\n", "'command' must be the first key", id="a command further down"),
    pytest.param("command: Make Feed\n", "'Make Feed' cannot be a command's name", id="a command in capitals"),
    pytest.param("params: {name: x}\n", "'params' must be a list", id="parameters that are no list"),
    pytest.param("params:\n  - name\n", "params 1: expected keys and values, found 'name'", id="a parameter in words"),
    pytest.param("params:\n  - {help: x}\n", "params 1: 'name' is missing", id="a parameter without a name"),
    pytest.param("params:\n  - {name: x, tipe: int}\n", "params 1: unknown key 'tipe'", id="a parameter's wrong key"),
    pytest.param("params:\n  - {name: x, type: integr}\n", "'type' is 'integr'", id="a type that does not exist"),
    pytest.param("params:\n  - {name: x, kind: arg}\n", "'kind' is 'arg'", id="a kind that does not exist"),
    pytest.param("params:\n  - {name: x, required: 1}\n", "'required' must be true or false", id="a flag in numbers"),
    pytest.param("params:\n  - {name: my-x}\n", "'my-x' is not snake_case", id="a hyphen in a name"),
    pytest.param("params:\n  - {name: json}\n", "'json' is a word that every stub has", id="a name that is taken"),
    pytest.param("params:\n  - {name: x}\n  - {name: x}\n", "'x' is there twice", id="a name that is there twice"),
    pytest.param("params:\n  - {name: x, required: true, default: a}\n", "required and has a default", id="both"),
    pytest.param("params:\n  - {name: x, choices: [yes, no]}\n", "quote `yes`", id="choices that YAML reads as truth"),
    pytest.param("params:\n  - {name: x, choices: [a], default: b}\n", "'b' is none of its choices", id="a default"),
    pytest.param("params:\n  - {name: x, type: int, default: a}\n", "'default' must be a whole number", id="a number"),
    pytest.param("params:\n  - {name: x, type: bool, default: true}\n", "off by default", id="a flag that is on"),
    pytest.param("params:\n  - {name: x, type: fields, default: a}\n", "fields have no 'default'", id="fields"),
    pytest.param(
        "params:\n  - {name: x, kind: argument, type: bool}\n", "only an option is a flag", id="a flag as word"
    ),
    pytest.param(
        "params:\n  - {name: a, kind: argument, type: fields}\n  - {name: b, kind: argument}\n",
        "'b' can never be told apart from 'a'",
        id="a word after all words",
    ),
    pytest.param(
        "params:\n  - {name: a, type: fields}\n  - {name: b, type: fields}\n", "only one parameter", id="fields twice"
    ),
    pytest.param("files:\n  - {path: x}\n", "files 1: 'template' is missing", id="a file without a template"),
    pytest.param("files:\n  - {template: a.jinja}\n", "files 1: the template a.jinja is not in", id="no such template"),
    pytest.param("files:\n  - {template: feed.md.jinja}\n", "files 1: 'path' is missing", id="a file without a path"),
    pytest.param("files:\n  - {path: x, when: true, template: feed.md.jinja}\n", "'when' must be text", id="a when"),
    pytest.param("wires:\n  - {edit: imprt}\n", "'edit' is 'imprt', which does not exist\ndid you", id="a wrong edit"),
    pytest.param("wires:\n  - {file: x}\n", "'edit' is ''", id="a wire without an edit"),
    pytest.param("wires:\n  - {edit: import, file: x}\n", "'statement' is missing", id="a wire without a line"),
    pytest.param("wires:\n  - {edit: register, file: x, statement: y}\n", "'function' is missing", id="no function"),
    pytest.param(
        "wires:\n  - {edit: entry, file: x, statement: y}\n", "'at' is missing", id="an entry without a place"
    ),
    pytest.param("parts:\n  - {prat: x}\n", "parts 1: unknown key 'prat'\ndid you mean 'part'?", id="a misspelt part"),
    pytest.param("options:\n  - {name: x}\n", "options 1: 'value' is missing", id="an option without a value"),
    pytest.param("steps:\n  - {command: x}\n", "steps 1: 'description' is missing", id="a step without words"),
    pytest.param("notes: x\n", "'notes' must be a list, not 'x'", id="notes that are no list"),
    pytest.param("examples:\n  - [a]\n", "'examples' must be a list of words", id="examples in a list"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_in_stub_yml_names_the_file_and_the_key(tmp_path: Path, text: str, said: str) -> None:
    plant(tmp_path, {**FILES, HOME + "stub.yml": text.encode()})
    with pytest.raises(CrashError) as refused:
        stubs.load(tmp_path / HOME)
    assert str(tmp_path / HOME / "stub.yml") in str(refused.value)
    assert said in str(refused.value)


def test_a_stub_that_is_not_text_is_said_to_be(tmp_path: Path) -> None:
    project(tmp_path, {HOME + "stub.yml": b"command: make:feed\nsummary: \xff\n"})
    assert "make:feed" in commands.names(tmp_path)
    with pytest.raises(CrashError, match=r"stub\.yml cannot be read"):
        commands.find("make:feed", tmp_path)


FIRST_LINES = [
    pytest.param("command: make:feed\n", "make:feed", id="as it is"),
    pytest.param('command: "make:feed"\n', "make:feed", id="in quotes"),
    pytest.param("command: make:feed # ours\n", "make:feed", id="with a comment"),
    pytest.param("# Ours.\n---\n\ncommand: make:feed\n", "make:feed", id="after comments"),
    pytest.param("summary: x\n", "make:my-feed", id="from the folder"),
]


@pytest.mark.parametrize(("text", "name"), FIRST_LINES)
def test_the_commands_name(tmp_path: Path, text: str, name: str) -> None:
    project(tmp_path, {".arckode/stubs/my_feed/stub.yml": text.encode()})
    assert name in commands.names(tmp_path)
    assert commands.find(name, tmp_path).spec.name == name


BROKEN = [
    pytest.param(
        "tree/feed.py.jinja",
        b"{{ sise }}",
        "the template feed.py.jinja does not render: 'sise' is undefined",
        id="a variable that does not exist",
    ),
    pytest.param(
        "tree/feed.py.jinja", b"\n{% if %}", "the template feed.py.jinja, line 2, is not valid", id="no Jinja"
    ),
    pytest.param("tree/feed.py.jinja", b"{{ size / 0 }}", "ZeroDivisionError: division by zero", id="a calculation"),
    pytest.param("tree/feed.py.jinja", b"{{ name.plurl }}", "has no attribute 'plurl'", id="an attribute"),
    pytest.param("tree/feed.py.jinja", b"\xff", "the template feed.py.jinja cannot be read", id="no text"),
    pytest.param(
        "stub.yml",
        STUB.replace("size > 20", "sise > 20").encode(),
        "in stub.yml does not render: 'sise' is",
        id="a condition on nothing",
    ),
    pytest.param(
        "stub.yml",
        f"{STUB}parts:\n  - {{ part: redis_cash }}\n".encode(),
        "the kernel has no part 'redis_cash'",
        id="a part that does not exist",
    ),
    pytest.param(
        "stub.yml",
        STUB.replace("feeds/{{ name.plural }}.py", "{{ nme }}.py").encode(),
        "'nme' is undefined",
        id="a path with nothing in it",
    ),
    pytest.param(
        "stub.yml",
        STUB.replace('when: "size > 20"', "each: parts").encode(),
        "`each: parts` names a value that",
        id="each of nothing",
    ),
    pytest.param(
        "stub.yml",
        STUB.replace('when: "size > 20"', "each: size").encode(),
        "needs a list, not int",
        id="each of a number",
    ),
    pytest.param(
        "stub.yml", TWICE.encode(), "two entries of 'files' write src/shop/feeds/orders.py", id="a file written twice"
    ),
    pytest.param("derive.py", b"def derive(:\n", "derive.py does not load: SyntaxError", id="no Python"),
    pytest.param(
        "derive.py", b"import nothing_of_that_name\n", "derive.py:1 does not load: ModuleNotFoundError", id="import"
    ),
    pytest.param("derive.py", b"x = 1\n", "derive.py has no function `derive(values, project)`", id="no function"),
    pytest.param("derive.py", b"def derive(v, p):\n    return v['x']\n", "derive.py:2: KeyError: 'x'", id="it fails"),
    pytest.param(
        "derive.py", b"def derive(v, p):\n    return 1\n", "must return a dict of values, not int", id="a number"
    ),
]


@pytest.mark.parametrize(("path", "content", "said"), BROKEN)
def test_what_is_wrong_inside_is_named_and_nothing_is_written(
    tmp_path: Path, path: str, content: bytes, said: str
) -> None:
    project(tmp_path, {**FILES, HOME + path: content})
    before = tree(tmp_path)
    with pytest.raises(CrashError) as refused:
        call(tmp_path, "make:feed", "orders")
    assert said in str(refused.value)
    assert tree(tmp_path) == before


def test_what_derive_refuses_is_said_as_it_is(tmp_path: Path) -> None:
    derive = b"from arckode_gen.errors import UsageError\ndef derive(v, p):\n    raise UsageError('not on Sundays')\n"
    project(tmp_path, {**FILES, HOME + "derive.py": derive})
    with pytest.raises(UsageError, match="not on Sundays"):
        call(tmp_path, "make:feed", "orders")


def test_a_path_out_of_the_project_is_refused(tmp_path: Path) -> None:
    text = STUB.replace("src/{{ package }}/feeds/{{ name.plural }}.py", "../{{ name.plural }}.py")
    project(tmp_path / "shop", {**FILES, HOME + "stub.yml": text.encode()})
    with pytest.raises(RefusedError, match="not a plain path inside the project"):
        call(tmp_path / "shop", "make:feed", "orders")


ANSWERS: list[object] = [
    pytest.param({}, "'name' is missing", id="nothing"),
    pytest.param({"nme": "x"}, "has no parameter 'nme'\ndid you mean 'name'?", id="an unknown word"),
    pytest.param({"name": "orders", "size": "ten"}, "'size' must be a whole number, not 'ten'", id="no number"),
    pytest.param({"name": "orders", "size": True}, "'size' must be a whole number, not True", id="a truth"),
    pytest.param({"name": "orders", "quiet": "yes"}, "'quiet' must be true or false", id="a text for a flag"),
    pytest.param({"name": 7}, "'name' must be text, not 7", id="a number for a name"),
    pytest.param({"name": "orders", "order": "any"}, "'order' is 'any'\none of newest, oldest", id="no choice"),
    pytest.param([], "expected one JSON object, found list", id="a list"),
]


@pytest.mark.parametrize(("answers", "said"), ANSWERS)
def test_answers_are_checked_as_words_are(tmp_path: Path, answers: object, said: str) -> None:
    project(tmp_path, {**FILES, "answers.json": json.dumps(answers).encode()})
    with pytest.raises(UsageError) as refused:
        call(tmp_path, "make:feed", "--answers", "answers.json")
    assert said in str(refused.value)


def test_answers_fill_what_the_command_line_leaves_out(tmp_path: Path) -> None:
    project(tmp_path, {**FILES, "answers.json": b'{"name": "orders", "size": 30, "quiet": true}'})
    call(tmp_path, "make:feed", "--answers", "answers.json", "--order", "oldest")
    assert "SIZE = 30" in (tmp_path / "src/shop/feeds/orders.py").read_text()


def test_compiled_templates_are_kept_and_never_trusted_when_damaged(tmp_path: Path) -> None:
    project(tmp_path, FILES)
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    arckode(tmp_path, "make:feed", "orders", environ=environ)
    (cache,) = (tmp_path / HOME / "__pycache__").glob("*.jinja")
    whole = cache.read_bytes()
    cache.write_bytes(whole[:-40] + bytes(40))
    arckode(tmp_path, "make:feed", "customers", environ=environ)
    assert cache.read_bytes()[-40:] != bytes(40)
    (tmp_path / HOME / "tree/feed.py.jinja").write_text("# changed {{ name.plural }}\n")
    arckode(tmp_path, "make:feed", "people", environ=environ)
    assert (tmp_path / "src/shop/feeds/people.py").read_text() == "# changed people\n"
    cache.unlink()
    arckode(tmp_path, "make:feed", "things", environ={**environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert not cache.exists()


def test_a_stub_document_is_read_once_for_each_text_of_it(tmp_path: Path) -> None:
    project(tmp_path, FILES)
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    arckode(tmp_path, "make:feed", "orders", "--dry-run", environ=environ)
    (cache,) = (tmp_path / HOME / "__pycache__").glob("*.yml")
    whole = cache.read_bytes()
    cache.write_bytes(whole[:-40] + bytes(40))
    arckode(tmp_path, "make:feed", "orders", "--dry-run", environ=environ)
    assert cache.read_bytes() == whole, "what is damaged is read anew"
    document = tmp_path / HOME / "stub.yml"
    document.write_text(document.read_text().replace("command: make:feed", "command: make:stream-of"))
    arckode(tmp_path, "make:stream-of", "orders", "--dry-run", environ=environ)
    document.write_text("since: 2026-11-27\n")
    assert "unknown key 'since'" in arckode(tmp_path, "make:feed", "orders", code=70, environ=environ).said
