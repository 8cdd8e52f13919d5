"""What every rule must not be fooled by: words beside the code, and other names for what is imported.

Each example of each rule is written once more, and its verdict has to be the same.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers.registry import all_rules
from tests.rules.projects import places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.rule import Rule

RULES = [pytest.param(rule, id=rule.code) for rule in all_rules()]
_SAID = (
    "validated, authenticated, require(...), owner_id == user.id, tenant, public, transaction(), begin(), batch, "
    "chunk, paginate(limit=10), selectinload, bound parameter, registered, wired, declared, subscribe, tested, assert"
)


@pytest.mark.parametrize("rule", RULES)
def test_words_prove_nothing_and_names_are_only_names(rule: Rule) -> None:
    for example in (*rule.bad, *rule.good):
        told = {path: _beside(rule, aliased(path, example.files)) for path in example.files if path.endswith(".py")}
        written_anew = {**example.files, **told}
        assert places(written_anew, rule.code) == places(example.files, rule.code), (example.title, written_anew)


def _beside(rule: Rule, text: str) -> str:
    """Say in a comment and in a text what would make everything right."""
    said = f"{_SAID}; {rule.hint}; {rule.summary}".replace('"', "'")
    return f'{text.rstrip()}\n\n# {said}\n"""{said}"""\n'


def aliased(path: str, files: Mapping[str, str]) -> str:
    """Write a file anew with another name for everything that it imports and nobody imports from it."""
    text = files[path]
    if path.endswith("__init__.py"):
        return text
    tree = ast.parse(text)
    given_away = {name for other, code in files.items() if other != path for name in _imported(code)}
    places: list[tuple[int, int, int, str]] = []
    for name, alias in _own(tree):
        if name not in given_away:
            uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
            end = alias.end_col_offset or 0
            places.append((alias.lineno, end, end, f" as other_{name}"))
            places += [(node.lineno, node.col_offset, node.end_col_offset or 0, f"other_{name}") for node in uses]
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    for line, start, end, new in sorted(places, reverse=True):
        before = lines[line - 1]
        lines[line - 1] = before[:start] + new.encode() + before[end:]
    return b"".join(lines).decode()


def _own(tree: ast.Module) -> Iterator[tuple[str, ast.alias]]:
    """Yield the names that a module imports and means nothing else by, not even in a text."""
    bound = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    bound += [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    aliases = [
        alias
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    ]
    names = [alias.name for alias in aliases]
    for alias in aliases:
        is_said = any(alias.name in text for text in texts)
        if alias.asname is None and alias.name not in {"*", *bound} and not is_said and names.count(alias.name) == 1:
            yield alias.name, alias


def _imported(code: str) -> Iterator[str]:
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a migration in SQL imports nothing
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.Attribute):
            yield node.attr
