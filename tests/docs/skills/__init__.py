"""What `arckode new` tells coding agents, written from the generators' examples, the rules and the names they check.

The texts are the Jinja files beside this one. What they show is taken from elsewhere: `code` cuts it out of a stub's
golden example, which is generated, run and analysed by that stub's tests, or out of `examples/`, which
`tests/docs/test_skills.py` puts into a project; `bad` is a rule's own bad example; `names` are those the rules check.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import jinja2
import yaml

from arckode_analyzers.meta import catalogue
from arckode_analyzers.registry import all_rules
from arckode_analyzers.rules import arc401_service_names, arc402_action_names
from arckode_gen import resources
from arckode_gen.engine import agents, field_types, marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arckode_analyzers.rule import Example, Rule

HERE = Path(__file__).parent
EXAMPLES = HERE / "examples"
SKILLS = ("auth", "cli", "config", "connectors", "helpers", "middlewares", "orm", "realtime", "services", "testing")

_REPOSITORY = "templates/kernel/kernel/repository.py"
_MARK = re.compile(r"# error: (ARC\d{3})")
_INSTEAD = {"en": "Instead", "es": "En su lugar"}


def pages() -> dict[str, str]:
    """Return every text by its path from the root of the repository."""
    return {
        f"templates/{agents.FOLDER}/{language}/{path}": text
        for language in agents.LANGUAGES
        for path, text in _written(language)
    }


def commands(text: str) -> tuple[str, ...]:
    """Return the commands that a text tells its reader to give, a line each."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = (line.partition("  #")[0].strip() for block in blocks for line in block.splitlines())
    return tuple(line for line in lines if line)


def _written(language: str) -> Iterator[tuple[str, str]]:
    yield "AGENTS.md", _render(language, "AGENTS")
    yield "CLAUDE.md", "@AGENTS.md\n"
    for name in SKILLS:
        yield f".agents/skills/{name}/SKILL.md", _render(language, name)


def _render(language: str, name: str) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / language),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
    told = {
        "begin": f"{marked.BEGIN.decode()} -->",
        "end": marked.END.decode(),
        "names": names(),
        "code": code,
        "bad": lambda code, which=0: _bad(language, code, which),
        "never": lambda: "\n".join(f"- {rule.code}: {_said(language, rule)[0]}" for rule in _errors()),
        "skills": SKILLS,
    }
    return environment.get_template(f"{name}.md.jinja").render(told)


def names() -> Mapping[str, str]:
    """Return the fixed names, each kind in one line."""
    actions = dict.fromkeys((*arc402_action_names._COLLECTION.values(), *arc402_action_names._MEMBER.values()))
    tree = ast.parse((resources.folder("templates").parent / _REPOSITORY).read_text(encoding="utf-8"))
    port = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "RepositoryAdapter")
    methods = [node.name for node in port.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    kinds: dict[str, Iterable[str]] = {
        "service": arc401_service_names._PLAIN,
        "actions": actions,
        "repository": methods,
        "types": [name for name in field_types.TYPES if name not in field_types.RELATIONS],
        "relations": field_types.RELATIONS,
        "modifiers": field_types.MODIFIERS,
    }
    return {kind: " ".join(f"`{name}`" for name in words if not name.startswith("_")) for kind, words in kinds.items()}


def code(example: str, path: str, *symbols: str) -> str:
    """Return a file of an example, or some of its classes, methods and functions, as a block under its path.

    `example` is `STUB/CASE`, or `ours` for what lies in `examples/`.
    """
    stub, _, case = example.partition("/")
    root = EXAMPLES if example == "ours" else resources.folder("stubs") / stub / "examples/expected" / case
    text = (root / f"{path}.txt").read_text(encoding="utf-8")
    shown = "\n\n".join(_cut(text, symbols)) if symbols else text.strip("\n")
    return _block(path, shown)


def _cut(text: str, symbols: Iterable[str]) -> Iterator[str]:
    tree, lines = ast.parse(text), text.splitlines()
    grouped: dict[str, list[str]] = {}
    for symbol in symbols:
        outer, _, inner = symbol.partition(".")
        grouped.setdefault(outer, []).extend([inner] if inner else [])
    for outer, wanted in grouped.items():
        node = _declared(tree, outer)
        if not wanted:
            yield _lines(lines, node)
            continue
        members = "\n\n".join(_lines(lines, _declared(node, name)) for name in wanted)
        yield f"{lines[node.lineno - 1]}\n{members}"


def _declared(tree: ast.AST, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return next(node for node in ast.iter_child_nodes(tree) if isinstance(node, kinds) and node.name == name)


def _lines(lines: list[str], node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    start = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return "\n".join(lines[start - 1 : node.end_lineno])


def _bad(language: str, code: str, which: int) -> str:
    """Return a rule's bad example: the files in which `arckode analyze` reports it, on the lines that say so."""
    rule = next(rule for rule in all_rules() if rule.code == code)
    summary, instead = _said(language, rule)
    shown = "\n\n".join(_block(path, text.strip("\n")) for path, text in _marked(rule.bad[which]))
    return f"**{code}**: {summary} {_INSTEAD[language]}: {instead}.\n\n{shown}"


def _marked(example: Example) -> Iterator[tuple[str, str]]:
    return ((path, text) for path, text in example.files.items() if _MARK.search(text))


def _block(path: str, text: str) -> str:
    return f"```python\n# {path}\n{text}\n```"


def _errors() -> list[Rule]:
    """Return what is never right; AGENTS.md says in one line of its own what holds for a front end."""
    return [rule for rule in all_rules() if rule.severity == "error" and rule.layers != ("frontend",)]


def _said(language: str, rule: Rule) -> tuple[str, str]:
    """Return what a rule finds and what to do instead, in a language."""
    return (rule.summary, rule.hint) if language == "en" else _translated(language)[rule.code]


@cache
def _translated(language: str) -> Mapping[str, tuple[str, str]]:
    found = cast("dict[str, list[str]]", yaml.safe_load((HERE / language / "rules.yml").read_text(encoding="utf-8")))
    known = {rule.code for rule in catalogue()}
    assert set(found) <= known, sorted(set(found) - known)
    return {code: (said[0], said[1] if len(said) > 1 else "") for code, said in found.items()}
