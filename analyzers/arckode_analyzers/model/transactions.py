"""Which calls run inside a transaction, which ones write, and which ones tell the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.acts import calls_in
from arckode_analyzers.model.origins import package_of
from arckode_analyzers.model.sinks import REPOSITORIES, REPOSITORY_WRITES, SESSIONS, words
from arckode_analyzers.model.vocabulary import APPENDS, EXTERNAL_PUBLISH, TASK_DECORATORS, TASK_PACKAGES, TRANSACTIONS

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.leads import Leads
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.source import Source

_SESSION_WRITES = words(
    "add add_all delete merge bulk_save_objects bulk_insert_mappings bulk_update_mappings executemany"
)
_STATEMENTS = frozenset({"sqlalchemy.insert", "sqlalchemy.update", "sqlalchemy.delete"})
_RUNS = words("execute scalar scalars exec")
_PUBLISHING = frozenset().union(*EXTERNAL_PUBLISH.values())
_ENQUEUING = frozenset().union(*TASK_PACKAGES.values())


class Transactions:
    """Answers for one project; each function's transactions are looked up once."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._opens: dict[tuple[str, int], bool] = {}
        self._callers: dict[str, list[CallAt]] = {}
        for call in analysis.graph.calls():
            for target in analysis.reached(call):
                if target.symbol:
                    self._callers.setdefault(target.symbol, []).append(call)
        handled = (act.handler for act in analysis.acts.of("subscribe", "register"))
        self._handlers = frozenset(each.symbol for each in handled if each is not None)

    @property
    def writes(self) -> Leads:
        return self._analysis.leads("writes", self._writes)

    @property
    def tells(self) -> Leads:
        """Emissions and jobs of the runtime, publishing to brokers, and tasks of task libraries."""
        return self._analysis.leads("tells", self._tells)

    def _writes(self, call: CallAt) -> str:
        for target in self._analysis.reached(call):
            if not target.symbol and self._is_write(call, target.owner, target.method):
                return target.method
        return ""

    def _is_write(self, call: CallAt, owner: str, method: str) -> bool:
        if owner.startswith("kernel.") and owner.rpartition(".")[2] in REPOSITORIES:
            return method in REPOSITORY_WRITES
        if owner not in SESSIONS:
            return f"{owner}.{method}" in APPENDS
        if method in _SESSION_WRITES:
            return True
        return method in _RUNS and any(
            self._is_statement(call, part) for shape in call.record.args[:1] for part in within(shape)
        )

    def _is_statement(self, call: CallAt, part: Shape) -> bool:
        if part[0] != "call" or not isinstance(part[1], tuple):
            return False
        value = self._analysis.value(call.source, call.record.function, part[1])
        return value is not None and value.name in _STATEMENTS

    def _tells(self, call: CallAt) -> str:
        act = self._analysis.acts.at.get(call.key)
        if act is not None:
            return act.kind if act.kind in {"emit", "dispatch", "publish"} else ""
        func = call.record.func
        if func[0] != "attr" or not isinstance(func[1], tuple):
            return ""
        method = str(func[2])
        if method in _ENQUEUING and self._is_task(call, func[1], method):
            return "task"
        if method in _PUBLISHING:
            package = package_of(self._analysis.resolver, call.source, call.record.function, func[1])
            return "publish" if method in EXTERNAL_PUBLISH.get(package, ()) else ""
        return ""

    def _is_task(self, call: CallAt, task: Shape, method: str) -> bool:
        value = self._analysis.value(call.source, call.record.function, task)
        function = None if value is None else self._analysis.project.functions.get(value.name)
        if function is None:
            return False
        return any(self._makes_task(function, shape, method) for shape in function.record.decorators)

    def _makes_task(self, function: FunctionAt, shape: Shape, method: str) -> bool:
        func = shape[1] if shape[0] == "call" and isinstance(shape[1], tuple) else shape
        if func[-1] not in TASK_DECORATORS:
            return False
        package = package_of(self._analysis.resolver, function.source, function.record.parent, func)
        return method in TASK_PACKAGES.get(package, ())

    # Transactions

    def around(self, call: CallAt) -> tuple[int, ...]:
        """Return the blocks around a call that are transactions, outermost first."""
        return tuple(at for at in call.record.blocks if self._is_transaction(call.source, at))

    def _is_transaction(self, source: Source, at: int) -> bool:
        key = (source.path, at)
        if key not in self._opens:
            self._opens[key] = False
            block = source.facts.blocks[at]
            self._opens[key] = block.kind == "with" and self._begins(source, block.function, block.test)
        return self._opens[key]

    def _begins(self, source: Source, function: int, shape: Shape) -> bool:
        func = shape[1] if shape[0] == "call" and isinstance(shape[1], tuple) else None
        value = None if func is None else self._analysis.value(source, function, func)
        if value is not None and value.kind == "method":
            return value.name in TRANSACTIONS
        if value is not None and value.kind == "function":
            names = [] if value.of is None else self._analysis.resolver.ancestors(value.of)
            own = self._analysis.project.functions.get(value.name)
            is_known = any(f"{each.name}.{value.last}" in TRANSACTIONS for each in names)
            return is_known or own is None or own.record.is_stub or self._opens_one(own)
        entered = self._analysis.value(source, function, shape)
        if entered is None or entered.name not in self._analysis.project.classes:
            return False
        methods = (self._analysis.resolver.attribute(entered, name) for name in ("__aenter__", "__enter__"))
        return any(method is not None for method in methods)

    def _opens_one(self, function: FunctionAt) -> bool:
        blocks = enumerate(function.source.facts.blocks)
        own = (at for at, block in blocks if block.function == function.index and block.kind == "with")
        results = function.source.results_of.get(function.index, ())
        if any(self._is_transaction(function.source, at) for at in own):
            return True
        if any(row.how == "return" and self._begins(function.source, function.index, row.value) for row in results):
            return True
        return any(call.record.func[-1] == "commit" for call in calls_in(function.source, function.index))

    def is_inside(self, symbol: str) -> bool:
        """Tell whether somebody calls a function inside a transaction, or the runtime does so with a handler."""
        seen, level = {symbol}, [symbol]
        while level:
            if self._handlers.intersection(level):
                return True
            calls = [call for each in level for call in self._callers.get(each, ())]
            if any(self.around(call) for call in calls):
                return True
            level = [call.caller for call in calls if call.caller not in seen]
            seen.update(level)
        return False


def exclude_each_other(one: CallAt, other: CallAt) -> bool:
    """Tell whether at most one of two calls of a function runs, the first before the second."""
    blocks = one.source.facts.blocks
    left = [at for at in one.record.blocks if at not in other.record.blocks]
    right = [at for at in other.record.blocks if at not in one.record.blocks]
    if any(blocks[at].ends and blocks[at].kind != "with" for at in left) and not any(
        blocks[at].kind == "try" for at in left
    ):
        return True
    if not left or not right:
        return False
    kinds = {blocks[left[0]].kind, blocks[right[0]].kind}
    return kinds in ({"if", "else"}, {"case"}, {"then", "otherwise"}, {"try", "except"}, {"except"}) or (
        blocks[right[0]].kind == "except"
    )
