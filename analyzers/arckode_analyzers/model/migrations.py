"""The migrations of a project, in the order they apply: `UP`, `up(db)`, `-- migrate:up`, and Alembic's `upgrade()`."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import LONGEST_TEXT, Shape, within
from arckode_analyzers.model.alembic import Ops
from arckode_analyzers.model.constants import constant_of, text_of
from arckode_analyzers.sql.operations import ENGINES, Operation
from arckode_analyzers.sql.reading import DIALECTS
from arckode_analyzers.sql.splitting import half, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arckode_analyzers.facts.records import Binding, Call
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.sql.reading import Reader

_NAME = re.compile(r"(?:^|/)\d{4,}_\w+\.(py|sql)$")
_FAMILY = {"mariadb": "mysql"}
_DRIVERS = {
    "asyncpg": "postgresql",
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "pymysql": "mysql",
    "MySQLdb": "mysql",
    "sqlite3": "sqlite",
    "aiosqlite": "sqlite",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: a text, or what an Alembic call does.

    `engine` is the only one it runs on, if a condition says so; `is_certain` is false under any other condition.
    """

    line: int
    column: int
    text: str = ""
    operations: tuple[Operation, ...] = ()
    engine: str = ""
    is_certain: bool = True
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Migration:
    """A file with its statements by key: an engine, or `*`; one that is `is_apart` asks for no transaction."""

    source: Source
    statements: Mapping[str, tuple[Statement, ...]]
    one_transaction: bool
    is_alembic: bool = False
    revision: str = ""
    after: tuple[str, ...] = ()
    is_apart: bool = False

    @property
    def name(self) -> str:
        return self.source.path.rpartition("/")[2].partition(".")[0]

    @property
    def is_script(self) -> bool:
        """Tell whether it is a `.sql` file, which every engine cuts and reads by its own rules."""
        return self.source.path.endswith(".sql")

    def has(self, engine: str) -> bool:
        """Tell whether anything is written for an engine."""
        return bool({engine, _FAMILY.get(engine, engine), "*"} & self.statements.keys())

    def on(self, engine: str) -> tuple[Statement, ...]:
        """Return what runs on an engine: the exact key, the family's, or the one for all."""
        for key in (engine, _FAMILY.get(engine, engine), "*"):
            if key in self.statements:
                return tuple(each for each in self.statements[key] if each.engine in {"", engine})
        return ()


class Migrations:
    """Every migration of the project; `reader` remembers what statements do."""

    def __init__(self, analysis: Analysis, reader: Reader) -> None:
        self._analysis = analysis
        self.reader = reader
        found = (self._read(source) for source in analysis.project.sources.values())
        self.all = _ordered([each for each in found if each is not None])
        self.by_path = {each.source.path: each for each in self.all}

    @cached_property
    def engines(self) -> tuple[str, ...]:
        """Return the engines that a migration names or a driver serves; `*` when nothing says."""
        keyed = [each.statements for each in self.all if not each.is_script]
        said: set[str] = {key for statements in keyed for key in statements} & set(ENGINES)
        said |= {each.engine for one in self.all for rows in one.statements.values() for each in rows if each.engine}
        for source in self._analysis.project.sources.values():
            for row in source.facts.imports:
                if row.module.startswith("sqlalchemy.dialects"):
                    said |= {*row.module.split("."), row.name} & set(ENGINES)
                elif "kernel" not in source.layers:
                    said |= {_DRIVERS[head] for head in (row.module.split(".")[0],) if head in _DRIVERS}
        rest = any("*" in each and len(each) > 1 for each in keyed) and len(said) < len(ENGINES)
        return tuple(sorted({*said, "*"} if rest or not said else said))

    def operations(self, statement: Statement, engine: str) -> tuple[Operation, ...]:
        """Return what a statement does; one that is too long or only runs sometimes leaves its table unknown."""
        if statement.operations or not statement.text:
            return statement.operations
        return self.reader.read(statement.text, engine)

    def is_shipped(self, migration: Migration) -> bool:
        """Tell whether a file has left for production: the base branch has it unchanged.

        Without a base branch, an Alembic revision that another one builds on counts as shipped: such a history is
        older than the gate.
        """
        base = self._analysis.base
        if base is None:
            return migration.is_alembic and migration.revision in self._built_on
        before = base.sources.get(migration.source.path)
        return before is not None and before.facts == migration.source.facts

    @property
    def has_base(self) -> bool:
        return self._analysis.base is not None

    @cached_property
    def _built_on(self) -> frozenset[str]:
        return frozenset(revision for each in self.all for revision in each.after)

    def _read(self, source: Source) -> Migration | None:
        facts = source.facts
        imports_op = any(row.local and (row.module, row.name) == ("alembic", "op") for row in facts.imports)
        if imports_op or {"revision", "down_revision"} <= source.names.get((0, -1), {}).keys():
            upgrade = next(
                (at for at, row in enumerate(facts.functions) if row.name == "upgrade" and not row.parent), 0
            )
            return self._alembic(source, upgrade) if upgrade else None
        if "migrations" not in source.layers or _NAME.search(source.path) is None:
            return None
        if source.path.endswith(".sql"):
            return _script(source)
        up = next((row for row in facts.bindings if row.function == 0 and row.target == ("name", "UP")), None)
        if up is not None and up.value is not None:
            return self._dictionary(source, up)
        function = next((at for at, row in enumerate(facts.functions) if row.name == "up" and not row.parent), 0)
        return self._program(source, function) if function else None

    # The dictionary

    def _dictionary(self, source: Source, up: Binding) -> Migration:
        project = self._analysis.project
        written = constant_of(project, source, 0, up.value)
        statements: dict[str, tuple[Statement, ...]] = {}
        cursor = up.line
        match written:
            case ("dict", tuple(keys), tuple(values)):
                for key, value in zip(keys, values, strict=True):
                    elements = constant_of(project, source, 0, value)
                    match key, elements:
                        case ("const", str(name)), ("display", _, tuple(texts)):
                            rows: list[Statement] = []
                            for each in texts:
                                text = text_of(project, source, 0, each)
                                cursor, column = _located(source, cursor, text or "", up.line)
                                rows.append(_statement(cursor, column, _whole(source, text), each))
                            statements[name] = tuple(rows)
                        case _:
                            statements["*"] = (Statement(up.line, up.column, operations=(Operation("unknown"),)),)
            case _:
                statements["*"] = (Statement(up.line, up.column, operations=(Operation("unknown"),)),)
        apart = any(
            row.function == 0 and row.target == ("name", "TRANSACTION") and row.value == ("const", False)
            for row in source.facts.bindings
        )
        return Migration(source, statements, one_transaction=False, is_apart=apart)

    # The function for data

    def _program(self, source: Source, function: int) -> Migration:
        parameters = [row.name for row in source.parameters_of.get(function, ())]
        rows: list[Statement] = []
        for record in source.calls_of.get(function, ()):
            if record.func[0] == "attr" and parameters and record.func[1] == ("name", parameters[0]):
                if record.func[2] == "execute":
                    rows.append(self._executed(source, record))
            elif parameters and ("name", parameters[0]) in record.args:
                rows.append(Statement(record.line, record.column, operations=(Operation("unknown"),)))
        return Migration(source, {"*": tuple(rows)}, one_transaction=True)

    def _executed(self, source: Source, record: Call) -> Statement:
        shape = record.args[0] if record.args else ("const", None)
        match shape:
            case ("call", (*_, "text" | "DDL"), (tuple(inner), *_), _):
                shape = inner
        text = text_of(self._analysis.project, source, record.function, shape)
        engine, is_certain = _condition(source, record)
        plain = _statement(record.line, record.column, _whole(source, text), shape)
        outside = _is_outside(source, record)
        return Statement(plain.line, plain.column, plain.text, plain.operations, engine, is_certain, outside)

    # Alembic

    def _alembic(self, source: Source, upgrade: int) -> Migration:
        calls = sorted(self._within(source, upgrade, set()), key=lambda call: call.at)
        ops = Ops(self._analysis, source)
        rows = [row for call in calls for row in self._op(source, ops, call)]
        texts = {
            str(row.target[1]): row.value
            for row in source.facts.bindings
            if row.function == 0 and row.target[0] == "name"
        }
        revision = ops.text(0, texts.get("revision"))
        before = texts.get("down_revision") or ("const", None)
        after = tuple(
            str(part[1]).lower() for part in within(before) if part[0] == "const" and isinstance(part[1], str)
        )
        return Migration(source, {"*": tuple(rows)}, True, True, revision, after)  # noqa: FBT003  # both by position

    def _within(self, source: Source, function: int, seen: set[int]) -> Iterator[CallAt]:
        """Yield the calls of a function and of the functions of the same file that it calls."""
        if function in seen:
            return
        seen.add(function)
        for call in self._analysis.calls(source):
            if call.record.function != function:
                continue
            yield call
            for target in self._analysis.reached(call):
                there = self._analysis.project.functions.get(target.symbol)
                if there is not None and there.source is source:
                    yield from self._within(source, there.index, seen)

    def _op(self, source: Source, ops: Ops, call: CallAt) -> Iterator[Statement]:
        record = call.record
        value = self._analysis.callee(call)
        batch: str | None = None
        match record.func:
            case ("attr", ("name", str(name)), str(method)):
                batch = self._batch(source, ops, record, name)
            case _:
                return
        if batch is None and (value is None or not value.name.startswith("alembic.op.")):
            return
        if method == "execute":
            yield self._executed(source, record)
            return
        engine, is_certain = _condition(source, record)
        operations = ops.operations(record.function, method, record.args, dict(record.keywords), batch)
        if operations:
            outside = _is_outside(source, record)
            yield Statement(
                record.line,
                record.column,
                operations=operations,
                engine=engine,
                is_certain=is_certain and not record.loops,
                outside=outside,
            )

    def _batch(self, source: Source, ops: Ops, record: Call, name: str) -> str | None:
        """Return the table of the last `with op.batch_alter_table(...) as name`, empty when it is computed."""
        found: str | None = None
        for row in source.facts.bindings:
            if row.function == record.function and row.target == ("name", name) and row.line <= record.line:
                match row.value:
                    case ("call", (*_, "batch_alter_table"), tuple(args), _):
                        found = ops.text(row.function, args[0]) if args else ""
                    case _:
                        found = None
        return found


def _script(source: Source) -> Migration:
    """Return what a `.sql` file says; each engine cuts it by its own rules."""
    text, first = half(source.text, "up")
    statements = {
        engine: tuple(Statement(line, 0, each) for each, line in split(text, dialect, first))
        for engine, dialect in DIALECTS.items()
    }
    return Migration(source, statements, one_transaction=False, is_apart="transaction:false" in source.text)


def _whole(source: Source, text: str | None) -> str | None:
    """Return a text whose end the facts leave out; nothing when the file has several that begin like it."""
    if text is None or len(text) < LONGEST_TEXT:
        return text
    try:
        constants = [node.value for node in ast.walk(ast.parse(source.text)) if isinstance(node, ast.Constant)]
    except (SyntaxError, ValueError, RecursionError):
        return None
    found = {each for each in constants if isinstance(each, str) and each.startswith(text)}
    return found.pop() if len(found) == 1 else None


def _statement(line: int, column: int, text: str | None, shape: Shape) -> Statement:
    if text is not None:
        return Statement(line, column, text.strip().rstrip(";").strip())
    words = " ".join(str(part[1]) for part in within(shape) if part[0] == "const")
    named = _tables_named(words)
    return Statement(line, column, operations=tuple(Operation("unknown", each) for each in named))


def _tables_named(text: str) -> tuple[str, ...]:
    """Return the tables that a text which cannot be read as a whole names; empty stands for any."""
    found = re.findall(
        r"\b(?:table|into|update|from|on)\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?[\"`]?(\w+)", text, re.IGNORECASE
    )
    return tuple(dict.fromkeys(each.lower() for each in found)) or ("",)


def _located(source: Source, line: int, text: str, first: int) -> tuple[int, int]:
    """Return where a statement begins, at or after a line; statements are written in the order they run."""
    wanted = next((each.strip() for each in text.splitlines() if each.strip()), "")
    for part in (wanted, wanted[:20], wanted[:8]):
        for number in range(line, line + 4000) if part else ():
            said = source.line(number)
            if part in said:
                return number, len(said[: said.index(part)].encode())
    return max(line, first), 0


def _condition(source: Source, record: Call) -> tuple[str, bool]:
    """Return the engine that the blocks around a call ask for, and whether nothing else decides if it runs."""
    engine, is_certain = "", True
    for index in record.blocks:
        block = source.facts.blocks[index]
        if block.kind not in {"if", "else", "case", "except", "then", "otherwise"}:
            continue
        named = [part[1] for part in within(block.test) if part[0] == "const" and part[1] in ENGINES]
        is_equal = block.test[0] == "compare" and block.test[1] == ("==",)
        if block.kind == "if" and len(named) == 1 and is_equal:
            engine = str(named[0])
        else:
            is_certain = False
    return engine, is_certain


def _is_outside(source: Source, record: Call) -> bool:
    """Tell whether a call stands in an `autocommit_block()`."""
    blocks = (source.facts.blocks[index] for index in record.blocks)
    return any(
        part[-1] == "autocommit_block" for block in blocks if block.kind == "with" for part in within(block.test)
    )


def _ordered(found: list[Migration]) -> tuple[Migration, ...]:
    """Return arckode's migrations by name, and Alembic's each after the revisions it names."""
    plain = sorted((each for each in found if not each.is_alembic), key=lambda each: (each.name, each.source.path))
    chained = {each.revision: each for each in sorted(found, key=lambda one: one.source.path) if each.is_alembic}
    ordered: dict[str, Migration] = {}
    pending = list(chained)
    while pending:
        ready = [each for each in pending if all(one in ordered or one not in chained for one in chained[each].after)]
        for each in ready or pending:
            ordered[each] = chained[each]
        pending = [each for each in pending if each not in ordered]
    return (*plain, *ordered.values())
