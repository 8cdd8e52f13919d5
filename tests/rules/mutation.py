"""Rules with one decision turned around: an example or a topic's test has to notice.

`python -m tests.rules.mutation [CODE...]` prints the score of every rule and what survived.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import pkgutil
import signal
import sys
from dataclasses import dataclass
from functools import cache
from itertools import islice, product
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.config import Config
from arckode_analyzers.facts.reading import facts_in
from arckode_analyzers.model.analysis import Analysis
from arckode_analyzers.model.project import Project
from arckode_analyzers.registry import all_rules
from arckode_analyzers.rule import finding
from tests.rules import projects
from tests.rules.equivalent import EQUIVALENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from arckode_analyzers.model.source import Source
    from arckode_analyzers.rule import Rule, Spot

_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
}
_WORDS = frozenset("again chain end hint meant message near reason steps symbol verb what where".split())
_SECONDS = 5.0
_MOST_SPOTS = 300
_TOPICS = Path(__file__).parent


class Decision(NamedTuple):
    """A place of a rule's source where something is decided, and what stands there after it is turned around."""

    kind: str
    function: str
    line: int
    text: str
    turn: Callable[[], Callable[[], None]]

    @property
    def key(self) -> str:
        return f"{self.function}: {self.kind} {self.text}"


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants of a rule there were, and which nothing noticed."""

    code: str
    total: int
    survivors: tuple[Decision, ...]


class Case:
    """A project whose verdict by one rule is known."""

    def __init__(self, rule: Rule, files: Mapping[str, str]) -> None:
        self._rule = rule
        self._files = files
        self._analysis = self._read()
        self._known = self._places(rule.check)

    def notices(self, check: Callable[[Analysis, Source], Iterable[Spot]]) -> bool:
        """Tell whether another check gives another verdict, fails or does not end."""
        try:
            with _deadline():
                return self._places(check) != self._known
        except Exception:  # noqa: BLE001  # a rule that crashes is noticed, whatever it raises
            self._analysis = self._read()
            return True

    def _read(self) -> Analysis:
        content, tests, base = projects.sorted_out(self._files)
        shown = {path: facts_in(text, path) for path, text in tests.items()}
        return Analysis(_project(content, shown), _project(base) if base else None)

    def _places(self, check: Callable[[Analysis, Source], Iterable[Spot]]) -> set[tuple[str, int]]:
        project, layers = self._analysis.project, self._rule.layers
        return {
            (found.path, found.line)
            for source in (project.of_layers(layers) if layers else project.judged())
            for found in (finding(self._rule, spot) for spot in islice(check(self._analysis, source), _MOST_SPOTS))
        }


def score(rule: Rule, *, is_quick: bool) -> Score:
    """Turn every decision of a rule around, one at a time; quick are the conditions of `check` and what it calls."""
    path = Path(sys.modules[rule.check.__module__].__file__ or "")
    tree = _bare(ast.parse(path.read_text(encoding="utf-8")))
    chosen = [each for each in decisions(tree) if not is_quick or _is_quick(each, tree, rule)]
    survivors = tuple(each for each in chosen if _survives(rule, tree, each, path))
    explained = EQUIVALENT.get(rule.code, {})
    unexplained = tuple(each for each in survivors if each.key not in explained)
    return Score(rule.code, len(chosen), unexplained)


def _survives(rule: Rule, tree: ast.Module, decision: Decision, path: Path) -> bool:
    undo = decision.turn()
    try:
        module = ModuleType(rule.check.__module__)
        try:
            exec(compile(ast.fix_missing_locations(tree), str(path), "exec"), module.__dict__)
        except Exception:  # noqa: BLE001  # nothing imports it any more: noticed
            return False
        check = getattr(module, rule.check.__name__)
        return not any(case.notices(check) for case in _cases(rule))
    finally:
        undo()


def _cases(rule: Rule) -> Iterator[Case]:
    """Yield the rule's own examples, then what the topics' tests judge by it."""
    yield from _own_cases(rule.code)
    yield from _topic_cases(rule.code)


def _rule(code: str) -> Rule:
    return next(rule for rule in all_rules() if rule.code == code)


@cache
def _own_cases(code: str) -> tuple[Case, ...]:
    rule = _rule(code)
    return tuple(Case(rule, each.files) for each in (*rule.bad, *rule.good))


@cache
def _topic_cases(code: str) -> tuple[Case, ...]:
    rule = _rule(code)
    asked = {tuple(sorted(files.items())) for files, codes in _asked() if rule.code in codes}
    return tuple(Case(rule, dict(files)) for files in sorted(asked))


@cache
def _asked() -> tuple[tuple[Mapping[str, str], tuple[str, ...]], ...]:
    """Run the tests that need nothing but their table, and return what they had judged."""
    asked: list[tuple[Mapping[str, str], tuple[str, ...]]] = []
    token = projects.JUDGED.set(asked)
    try:
        for name in sorted(each.name for each in pkgutil.iter_modules([str(_TOPICS)])):
            if name.startswith("test_") and name not in {"test_examples", "test_rule_mutation", "test_mutants"}:
                _run_tables(importlib.import_module(f"tests.rules.{name}"))
    finally:
        projects.JUDGED.reset(token)
    return tuple(asked)


def _run_tables(module: ModuleType) -> None:
    if not hasattr(module, "places") and not hasattr(module, "findings"):
        return
    for name, test in sorted(vars(module).items()):
        if name.startswith("test_"):
            for values in _rows(test):
                with contextlib.suppress(Exception):
                    test(**values)


def _rows(test: Callable[..., object]) -> Iterator[dict[str, object]]:
    """Yield the parameters that a test is called with; nothing for a test that asks for a fixture."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    tables = [list(_table(mark.args[0], mark.args[1])) for mark in marks]
    for rows in product(*tables):
        values = {name: value for row in rows for name, value in row.items()}
        code = test.__code__
        if set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]) == set(values):
            yield values


def _table(names: str | Sequence[str], rows: Iterable[object]) -> Iterator[dict[str, object]]:
    wanted = [each.strip() for each in names.split(",")] if isinstance(names, str) else list(names)
    for row in rows:
        values = getattr(row, "values", row) if hasattr(row, "marks") else row
        values = values if isinstance(values, tuple) else (values,)
        yield dict(zip(wanted, values, strict=True))


# Decisions


def decisions(tree: ast.Module) -> Iterator[Decision]:
    """Yield everything in a module that can be turned around."""
    used = {node.id for at in tree.body if _is_code(at) for node in ast.walk(at) if isinstance(node, ast.Name)}
    for statement in tree.body:
        if _is_code(statement):
            if not _is_wording(statement):
                yield from of_code(statement, getattr(statement, "name", ""))
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [each.id for each in targets if isinstance(each, ast.Name) and each.id in used]
            if names and statement.value is not None:
                yield from of_words(statement.value, names[0])


def _is_code(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.FunctionDef, ast.ClassDef))


def _is_wording(statement: ast.stmt) -> bool:
    """Tell whether a function only says what was found: tests of a rule look at places, not at sentences."""
    match statement:
        case ast.FunctionDef(returns=ast.Name("Spot" | "str")):
            return True
    return False


def of_code(statement: ast.stmt, function: str) -> Iterator[Decision]:
    worded = _worded(statement)
    predicates = {
        id(inner)
        for outer in ast.walk(statement)
        if isinstance(outer, ast.FunctionDef) and isinstance(outer.returns, ast.Name) and outer.returns.id == "bool"
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Return)
    }
    for parent in ast.walk(statement):
        if id(parent) in worded:
            continue
        for field, value in ast.iter_fields(parent):
            for index, node in enumerate(value if isinstance(value, list) else [value]):
                at = _Slot(parent, field, index if isinstance(value, list) else None)
                if isinstance(node, ast.expr):
                    is_test = field in {"test", "ifs", "guard"} or id(parent) in predicates
                    yield from _of_expression(at, node, function, is_test=is_test)
                elif isinstance(node, (ast.Return, ast.Continue, ast.Break)) and isinstance(parent, ast.If):
                    yield _decision("leaving", function, node, at, ast.Pass())


def _worded(statement: ast.stmt) -> frozenset[int]:
    """Return the nodes that only choose words, such as a message, or the stations of a chain."""
    return frozenset(id(inner) for outer in ast.walk(statement) if _chooses_words(outer) for inner in ast.walk(outer))


def _chooses_words(node: ast.AST) -> bool:
    match node:
        case ast.Assign([ast.Name(name)]):
            return name in _WORDS
        case ast.If(body=body, orelse=[]):
            return all(_chooses_words(each) for each in body)
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), "append"))):
            return name in _WORDS
    return False


def _of_expression(at: _Slot, node: ast.expr, function: str, *, is_test: bool) -> Iterator[Decision]:
    if is_test:
        turned = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else _negated(node)
        yield _decision("if" if at.field != "value" else "answer", function, node, at, turned)
    match node:
        case ast.BoolOp(op, values):
            for index, value in enumerate(values):
                rest = [*values[:index], *values[index + 1 :]]
                kept = rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
                text = f"{ast.unparse(value)} in {ast.unparse(node)}"
                yield _decision("operand", function, node, at, kept, text)
        case ast.Compare(left, [operator], [right]) if not is_test:
            yield _decision("compare", function, node, at, ast.Compare(left, [_OPPOSITE[type(operator)]()], [right]))
        case ast.Call(ast.Name("any" | "all" as name), args, keywords):
            other = ast.Name("all" if name == "any" else "any", ast.Load())
            yield _decision(name, function, node, at, ast.Call(other, args, keywords))
        case ast.UnaryOp(ast.Not(), operand) if not is_test:
            yield _decision("not", function, node, at, operand)


def of_words(value: ast.expr, name: str) -> Iterator[Decision]:
    """Yield each word left out of a set, tuple, dictionary or text of words."""
    for node in ast.walk(value):
        match node:
            case ast.Set(elts) | ast.Tuple(elts):
                for index in range(len(elts)):
                    if isinstance(elts[index], (ast.Constant, ast.Tuple)):
                        yield _left_out(node, ("elts",), index, name, elts[index])
            case ast.Dict(keys):
                for index, key in enumerate(keys):
                    if isinstance(key, ast.Constant):
                        yield _left_out(node, ("keys", "values"), index, name, key)
            case ast.Call(ast.Attribute(ast.Constant(str(text)) as at, "split"), []):
                for word in text.split():
                    rest = " ".join(each for each in text.split() if each != word)
                    yield _decision("word", name, at, _Slot(at, "value", None), rest, word)


def _left_out(node: ast.expr, fields: tuple[str, ...], index: int, name: str, word: ast.expr) -> Decision:
    def turn() -> Callable[[], None]:
        before = [list(getattr(node, field)) for field in fields]
        for field, values in zip(fields, before, strict=True):
            setattr(node, field, [*values[:index], *values[index + 1 :]])
        if isinstance(node, ast.Set) and not node.elts:
            node.elts = [ast.Constant(object.__name__)]

        def undo() -> None:
            for field, values in zip(fields, before, strict=True):
                setattr(node, field, values)

        return undo

    return Decision("word", name, word.lineno, ast.unparse(word), turn)


class _Slot(NamedTuple):
    parent: ast.AST
    field: str
    at: int | None

    def put(self, value: object) -> None:
        if self.at is None:
            setattr(self.parent, self.field, value)
        else:
            getattr(self.parent, self.field)[self.at] = value


def _decision(
    kind: str, function: str, node: ast.expr | ast.stmt, at: _Slot, turned: object, text: str = ""
) -> Decision:
    before = node if at.field != "value" or not isinstance(turned, str) else getattr(node, "value", None)

    def turn() -> Callable[[], None]:
        at.put(turned)
        return lambda: at.put(before)

    return Decision(kind, function, node.lineno, text or ast.unparse(node), turn)


def _negated(node: ast.expr) -> ast.expr:
    match node:
        case ast.Compare(left, [operator], [right]):
            return ast.Compare(left, [_OPPOSITE[type(operator)]()], [right])
        case ast.Constant(bool(value)):
            return ast.Constant(not value)
    return ast.UnaryOp(ast.Not(), node)


def _is_quick(decision: Decision, tree: ast.Module, rule: Rule) -> bool:
    return decision.kind == "if" and decision.function in _near(tree, rule.check.__name__)


def _near(tree: ast.Module, name: str) -> frozenset[str]:
    """Return a function of a module and the functions and classes that it names."""
    known = {at.name: at for at in tree.body if isinstance(at, (ast.FunctionDef, ast.ClassDef))}
    called = {node.id for node in ast.walk(known[name]) if isinstance(node, ast.Name) and node.id in known}
    return frozenset({name, *called})


def _bare(tree: ast.Module) -> ast.Module:
    """Leave out what the decisions do not need: the rule's words and examples."""
    needed = {node.id for at in tree.body if _is_code(at) for node in ast.walk(at) if isinstance(node, ast.Name)}
    names = {id(at): _assigned(at) for at in tree.body}
    for at in reversed(tree.body):
        if not names[id(at)] or names[id(at)] & needed:
            needed |= {node.id for node in ast.walk(at) if isinstance(node, ast.Name)} if names[id(at)] else set()
    tree.body = [at for at in tree.body if not names[id(at)] or names[id(at)] & needed]
    return tree


def _assigned(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Assign(targets):
            return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
        case ast.AnnAssign(ast.Name(name)):
            return {name}
    return set()


def _project(files: Mapping[str, bytes], tests: Mapping[str, object] | None = None) -> Project:
    facts = ((path, facts_in(files[path], path), files[path]) for path in sorted(files))
    return Project(facts, Config(), tests)  # type: ignore[arg-type]


@contextlib.contextmanager
def _deadline() -> Iterator[None]:
    """Raise where a mutant does not end; processor time, because other tests run beside."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError(number)

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def main(words: Sequence[str]) -> int:
    """Print a table; a survivor is a line below it."""
    is_quick = "--quick" in words
    wanted = [word for word in words if not word.startswith("-")]
    scores = [score(rule, is_quick=is_quick) for rule in all_rules() if not wanted or rule.code in wanted]
    for each in scores:
        print(f"{each.code}  {each.total - len(each.survivors):4} of {each.total:4}", flush=True)
        for decision in each.survivors:
            print(f"    line {decision.line}: {decision.key}")
    total, left = sum(each.total for each in scores), sum(len(each.survivors) for each in scores)
    print(f"all     {total - left:4} of {total:4}")
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
