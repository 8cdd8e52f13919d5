"""One function, read for one meaning of its arguments: what each expression is made of, and what was compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import UNKNOWN as NOT_KNOWN
from arckode_analyzers.facts.shapes import Shape, children
from arckode_analyzers.model import lookups
from arckode_analyzers.model.asking import Asking
from arckode_analyzers.model.guards import Guards, Spot
from arckode_analyzers.model.library import SAYS_NOTHING
from arckode_analyzers.model.parts import Meaning, Place
from arckode_analyzers.model.project import receiver_name
from arckode_analyzers.model.provenance import (
    CALLER,
    CREDENTIAL_OWNERS,
    CREDENTIALS,
    EVERYTHING,
    NOTHING,
    PROOFS,
    REQUEST,
    UNKNOWN,
    Origin,
    Origins,
    asked,
    is_vouched,
    kinds,
    rows_of,
)

if TYPE_CHECKING:
    from arckode_analyzers.facts.records import Call
    from arckode_analyzers.model.calls import CallAt
    from arckode_analyzers.model.flow import Summary, Walk
    from arckode_analyzers.model.project import FunctionAt
    from arckode_analyzers.model.values import Value

_SENDERS = frozenset({"emit", "publish", "dispatch", "enqueue", "send", "broadcast", "send_to", "add_task"})
_BOOLEANS = frozenset({"builtins.any", "builtins.all", "builtins.bool"})
_REFUSALS = frozenset({"HTTP_401_UNAUTHORIZED", "HTTP_403_FORBIDDEN", "UNAUTHORIZED", "FORBIDDEN"})
_LOGS = frozenset({"logging", "structlog", "loguru"})
_DEEPEST = 80


class Frame:
    """Answers about one function; calls are followed when they are asked about."""

    def __init__(self, walk: Walk, function: FunctionAt, meaning: Meaning) -> None:
        self.walk = walk
        self.function = function
        self.source = function.source
        self.given = meaning.given
        self.receiver = meaning.receiver
        self.proves = False
        self.way = meaning.way
        self.place = meaning.place
        self._calls: dict[Shape, Origins] = {}
        self._summaries: dict[Shape, list[Summary]] = {}
        self._active: set[Shape] = set()
        self._known: dict[Shape, Origins] = {}
        self.cuts = 0
        parts = walk.parts.of(function)
        self._records = parts.calls
        self._bindings = parts.names
        self._targets = parts.targets
        self.self_name = receiver_name(self.source, function.index)
        self.guards = Guards(self, meaning.vouched)
        self.asking = Asking(self)

    # The whole function

    def summary(self) -> Summary:
        """Follow every call, then say what comes out, what was proven, and report what leaves or changes."""
        from arckode_analyzers.model.flow import Summary  # the walk and its frames need each other

        inner = {record.func[1] for _, record in self._records.values() if record.func[0] == "attr"}
        for shape, (_, record) in list(self._records.items()):
            if shape not in inner or not lookups.is_narrowing(shape):
                self.origins(shape)
                self._sends(record)
        self._changes()
        result = self._results()
        vouched = self.guards.at_end()
        if self.proves:
            vouched -= {EVERYTHING}
        return Summary(result, vouched, self.guards.when(truth=True), self.guards.when(truth=False), self.proves)

    def close(self) -> None:
        """Let go of the helpers that know this frame: the garbage collector is off while rules run."""
        del self.guards, self.asking

    def _results(self) -> Origins:
        found: Origins = NOTHING
        for row in self.source.results_of.get(self.function.index, ()):
            vouched = self.guards.at(Spot(row.line, row.column, row.blocks)) | self.guards.of_result(row)
            found |= self.walk.trusted(self.origins(row.value), vouched)
            if not self.way:
                self._report(self.origins(row.value), vouched, "returns", row.line)
        return found

    def _changes(self) -> None:
        for row in self._targets:
            base = row.target[1]
            if isinstance(base, tuple) and not self.is_receiver(base) and rows_of(self.origins(base)):
                vouched = self.guards.at(Spot(row.line, row.column, row.blocks))
                self._report(self.origins(base), vouched, "changes", row.line)

    def _sends(self, record: Call) -> None:
        """Report rows that a call deletes, changes or hands to the world outside."""
        given = (*record.args, *(shape for _, shape in record.keywords))
        value = self.value(record.func) if any(rows_of(self.origins(arg)) for arg in given) else None
        if value is None:
            return
        vouched = self.guards.at(Spot(record.line, record.column, record.blocks))
        is_session = value.kind == "method" and value.of is not None and value.of.name.startswith("sqlalchemy.")
        if (is_session and value.last == "delete") or value.name == "builtins.setattr":
            verb = "deletes" if value.last == "delete" else "changes"
            for arg in record.args[:1]:
                self._report(self.origins(arg), vouched, verb, record.line)
        is_outside = value.name.startswith(("kernel.", "fastapi.BackgroundTasks.", "smtplib.", "aiosmtplib."))
        if is_outside and value.last in _SENDERS:
            for arg in given:
                self._report(self.origins(arg), vouched, "sends", record.line)

    def _report(self, origins: Origins, vouched: frozenset[str], verb: str, line: int) -> None:
        for row in rows_of(origins):
            if not is_vouched(row, vouched):
                self.walk.expose(row, verb, (*self.way, (self.source, line)))

    # Expressions

    def value(self, shape: Shape) -> Value | None:
        return self.walk.analysis.resolver.value(self.source, self.function.index, shape)

    def origins(self, shape: Shape) -> Origins:
        """Return what an expression is made of."""
        if shape in self._known:
            return self._known[shape]
        if shape in self._active or self.walk.depth > _DEEPEST:
            self.cuts += 1
            return NOTHING
        self._active.add(shape)
        self.walk.depth += 1
        before = self.cuts
        found = self._origins(shape)
        self.walk.depth -= 1
        self._active.discard(shape)
        if self.cuts == before or not self._active:
            self._known[shape] = found
        return found

    def _origins(self, shape: Shape) -> Origins:
        match shape:
            case ("name", str(name)):
                return self._name(name, shape)
            case ("attr", tuple(base), str(name)):
                return self._attribute(base, name)
            case ("call", _, _, _):
                if shape not in self._calls:
                    self._calls[shape] = self._call(shape)
                return self._calls[shape]
            case ("item", ("attr", tuple(base), str(part)), tuple(key)) if "incoming" in kinds(self.origins(base)):
                return self._from_incoming(part, key)
            case ("compare", _, _) | ("not", _) | ("lambda", _, _) | ("const", _):
                return NOTHING
        return self.union(_parts(shape))

    def union(self, shapes: tuple[Shape, ...]) -> Origins:
        return frozenset().union(*(self.origins(shape) for shape in shapes)) if shapes else NOTHING

    def _name(self, name: str, shape: Shape) -> Origins:
        values = self._bindings.get(name, [])
        rebuilt = [value for value in values if lookups.is_narrowing(value) and lookups.links(value)[0] == shape]
        found = self.given.get(name, NOTHING) | self.union(tuple(rebuilt or values))
        if name in self.given or values:
            return found
        symbol = self._model_class(self.value(shape))
        if symbol:
            return frozenset({Origin("class", model=symbol)})
        return UNKNOWN if self._is_closed_over(name) else NOTHING

    def _model_class(self, value: Value | None) -> str:
        return self.walk.ownership.model_in(value) if value is not None and value.kind == "class" else ""

    def _is_closed_over(self, name: str) -> bool:
        """Tell whether a name belongs to a function around this one."""
        scope = self.function.record.parent
        while scope > 0:
            if name in self.source.names.get((scope, -1), {}):
                return True
            scope = self.source.facts.functions[scope].parent
        return False

    def is_receiver(self, shape: Shape) -> bool:
        return bool(self.self_name) and shape == ("name", self.self_name)

    def _attribute(self, base: Shape, name: str) -> Origins:
        if self.is_receiver(base):
            return self._of_receiver(name)
        found = self.origins(base)
        if "incoming" in kinds(found):
            return self._from_incoming(name, None)
        if name == "id" and self._is_new(base):
            return NOTHING
        if base[0] == "name" and {origin.kind for origin in found} == {"request"}:
            return frozenset({Origin("request", f"{base[1]}.{name}")})
        return frozenset(origin for origin in found if origin.kind != "class")

    def _is_new(self, shape: Shape) -> bool:
        """Tell whether a name stands for nothing but rows that are made here, and whose id nobody gives."""
        values = self._bindings.get(str(shape[1]), []) if shape[0] == "name" else []
        return bool(values) and all(map(self._makes_row, values))

    def _makes_row(self, shape: Shape) -> bool:
        match shape:
            case ("call", tuple(func), _, tuple(keywords)):
                return bool(self._model_class(self.value(func))) and all(name != "id" for name, _ in keywords)
        return False

    def _of_receiver(self, name: str) -> Origins:
        provider = None if self.receiver is None else self.walk.dependencies.of_class(self.receiver, name)
        if provider is None:
            return UNKNOWN
        summary = self.walk.provided(provider, (*self.way, (self.source, self.function.record.line)), None)
        return summary.result

    def _from_incoming(self, part: str, key: Shape | None) -> Origins:
        """Return what a part of the request object is: its cookies and its session prove something, its body not."""
        named = str(key[1]).lower() if key is not None and key[0] == "const" else ""
        if part in {"cookies", "session", "user", "auth"} or (part == "headers" and named == "authorization"):
            self.proves = True
            return CALLER
        return UNKNOWN if part in {"state", "scope", "app"} else REQUEST

    # Calls

    def spot(self, shape: Shape) -> Spot:
        _, record = self._records[shape]
        return Spot(record.line, record.column, record.blocks)

    def _call(self, shape: Shape) -> Origins:
        known = self._records.get(shape)
        if known is None:
            return self.union(_parts(shape))
        index, record = known
        statement = self.asking.statement(shape) if lookups.is_narrowing(shape) else None
        if statement is not None:
            return self.asking.found(statement, record)
        value = self.value(record.func)
        lookup = None if value is None else lookups.of_method(value, record.args, record.keywords)
        if lookup is not None:
            return self.asking.found(lookup, record)
        if value is not None and lookups.makes_row(value):
            return NOTHING  # nobody can have asked for it
        special = self._special(value, record)
        if special is not None:
            return special
        reached = self._reached(self.source.call(index), value, record)
        return self._outside(value, record) if reached is None else reached

    def _special(self, value: Value | None, record: Call) -> Origins | None:
        """Return what a call that looks at a credential, or reads the request, gives."""
        if value is not None and (value.name in PROOFS or f"{value.name}".startswith("fastapi.security.")):
            self.proves = True
            return CALLER
        if value is not None and (
            value.name in CREDENTIALS or (value.of is not None and value.of.name in CREDENTIAL_OWNERS)
        ):
            self.proves = True
        if value is not None and _refuses(value, record):
            self.walk.is_certain = False  # whom it lets in may be decided by what nobody can look into
        match record.func:
            case ("attr", ("attr", tuple(base), str(part)), "get") if "incoming" in kinds(self.origins(base)):
                return self._from_incoming(part, record.args[0] if record.args else None)
            case ("attr", tuple(base), "json" | "form" | "body") if "incoming" in kinds(self.origins(base)):
                return REQUEST
        return None

    def _reached(self, call: CallAt, value: Value | None, record: Call) -> Origins | None:
        """Follow a call into the project's own functions, or return None when it leads elsewhere."""
        functions = self.walk.analysis.project.functions
        targets = [target for target in self.walk.analysis.reached(call) if target.symbol in functions]
        if not targets or value is None:
            return None
        found: Origins = NOTHING
        vouched = self.guards.at(Spot(record.line, record.column, record.blocks))
        summaries: list[Summary] = []
        for target in targets:
            function = functions[target.symbol]
            given = {} if target.through is not None else self._bind(function, value, record, vouched)
            given = {**self._around(function), **given}
            receiver = self._receiver_of(value)
            place = self.place or self.start(record)
            way = (*self.way, (self.source, record.line))
            summaries.append(self.walk.run(function, Meaning(given, vouched, receiver, way, place)))
        for summary in summaries:
            found |= summary.result
            self.proves |= summary.proves
        self._summaries[record.shape] = summaries
        proven = frozenset.intersection(*(summary.vouched for summary in summaries))
        self.guards.add(Spot(record.line, record.column, record.blocks), proven)
        if value.kind == "class":
            found |= self.union((*record.args, *(shape for _, shape in record.keywords)))
        return found

    def _around(self, function: FunctionAt) -> dict[str, Origins]:
        """Return what a function nested in this one sees of this one's parameters."""
        if function.source is not self.source or function.record.parent != self.function.index:
            return {}
        own = self.source.names.get((function.index, -1), {})
        return {name: origins for name, origins in self.given.items() if name not in own}

    def start(self, record: Call) -> Place:
        return Place(record.line, record.column)

    def _receiver_of(self, value: Value) -> Value | None:
        if value.of is not None and self.receiver is not None:
            bases = self.walk.analysis.resolver.ancestors(self.receiver)
            if any(base.name == value.of.name for base in bases):
                return self.receiver
        return value.of

    def _bind(self, function: FunctionAt, value: Value, record: Call, vouched: frozenset[str]) -> dict[str, Origins]:
        """Return what each parameter of a called function receives."""
        rows = function.source.parameters_of.get(function.index, ())
        is_static = ("name", "staticmethod") in function.record.decorators
        rows = rows[1 if function.record.owner >= 0 and not is_static and _is_bound(value, function) else 0 :]
        given: dict[str, Origins] = {}
        positional = [row.name for row in rows if row.kind == "positional"]
        spread: Origins = NOTHING
        for at, arg in enumerate(record.args):
            if arg[0] == "star" or at >= len(positional):
                spread |= self.origins(arg)
            else:
                given[positional[at]] = self.origins(arg)
        names = {row.name for row in rows if row.kind != "rest"}
        for name, shape in record.keywords:
            if name in names:
                given[name] = self.origins(shape)
            else:
                spread |= self.origins(shape)
        if spread:
            given |= {row.name: spread for row in rows if row.name not in given}
        return {name: self.walk.trusted(origins, vouched) for name, origins in given.items() if origins}

    def _outside(self, value: Value | None, record: Call) -> Origins:
        """Return what a call into a library gives: something made of what it was given."""
        given = self.union((*record.args, *(shape for _, shape in record.keywords)))
        base = record.func[1] if record.func[0] == "attr" else None
        if isinstance(base, tuple) and not self.is_own(base):
            given |= self.origins(base)
        if value is not None and value.name in _BOOLEANS:
            return NOTHING
        self._may_guard(value, record, given)
        is_hidden = value is None or (value.of is not None and value.of.name in SAYS_NOTHING)
        if is_hidden and "incoming" in kinds(given):
            self.walk.is_certain = False  # what has the whole request may look at a credential
        given = frozenset(origin for origin in given if origin.kind not in {"class", "incoming"})
        return given or (UNKNOWN if value is None or value.kind == "method" else NOTHING)

    def is_own(self, shape: Shape) -> bool:
        """Tell whether an expression is something the object holds, such as `self._session`."""
        return shape[0] == "attr" and isinstance(shape[1], tuple) and self.is_receiver(shape[1])

    def _may_guard(self, value: Value | None, record: Call, given: Origins) -> None:
        """Take a call nobody can look into for a guard when it is handed the row and nothing is made of it."""
        if not record.discarded or (value is not None and not self._is_foreign(value)):
            return
        is_about_row = bool(rows_of(given)) or ("caller" in kinds(given) and bool(asked(given)))
        base = record.func[1] if record.func[0] == "attr" else None
        is_session = isinstance(base, tuple) and base[0] == "name" and not kinds(self.origins(base)) - {"request"}
        if is_about_row and not (is_session and "caller" not in kinds(given)):
            names = frozenset(row.name for row in rows_of(given)) | (
                asked(given) if "caller" in kinds(given) else frozenset()
            )
            self.guards.add(Spot(record.line, record.column, record.blocks), names)

    def _is_foreign(self, value: Value) -> bool:
        package = value.name.partition(".")[0]
        known = {"builtins", "sqlalchemy", "fastapi", "starlette", "pydantic", "kernel", "fastcrud"} | _LOGS
        return package not in known

    def is_asking(self, shape: Shape) -> bool:
        """Tell whether an expression is just being read: a condition proves nothing about its own parts."""
        if shape in self._active:
            self.cuts += 1
            return True
        return False

    def summaries(self, shape: Shape) -> list[Summary]:
        """Return what is known of a call into the project's own code."""
        self.origins(shape)
        return self._summaries.get(shape, [])

    def bound(self, name: str) -> list[Shape]:
        return self._bindings.get(name, [])


def _refuses(value: Value, record: Call) -> bool:
    """Tell whether a call makes the answer for somebody who is not let in: 401 or 403."""
    if value.name.partition(".")[0] not in {"fastapi", "starlette"} or value.last != "HTTPException":
        return False
    status = next(iter(record.args[:1]), dict(record.keywords).get("status_code", NOT_KNOWN))
    return status in {("const", 401), ("const", 403)} or str(status[-1]) in _REFUSALS


def _is_bound(value: Value, function: FunctionAt) -> bool:
    is_class_method = ("name", "classmethod") in function.record.decorators
    return (
        value.kind in {"class", "instance"} or is_class_method or (value.of is not None and value.of.kind == "instance")
    )


def _parts(shape: Shape) -> tuple[Shape, ...]:
    return tuple(children(shape))
