"""What a look-up gives, for one meaning of its function: the caller's own row, one that was asked for, or another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.model import lookups
from arckode_analyzers.model.capabilities import is_digest
from arckode_analyzers.model.guards import Spot
from arckode_analyzers.model.provenance import (
    EVERYTHING,
    NOTHING,
    TRUSTED,
    Origins,
    asked,
    kinds,
    requested,
    rows_of,
)
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from arckode_analyzers.facts.records import Call
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.frame import Frame
    from arckode_analyzers.model.lookups import Condition, Lookup


class _Asked(NamedTuple):
    model: str
    ids: Origins
    narrowing: Origins


class Asking:
    """Reads the look-ups of one frame."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def statement(self, shape: Shape) -> Lookup | None:
        """Return the look-up that a chain of conditions makes, however many lines it was built in."""
        root, chain = lookups.links(shape)
        conditions: list[Condition] = []
        others: list[Shape] = []
        seen: set[str] = set()
        while root[0] == "name" and str(root[1]) not in seen:
            name = str(root[1])
            seen.add(name)
            starts: list[Shape] = []
            for value in self._frame.bound(name):
                start, rest = lookups.links(value) if lookups.is_narrowing(value) else (value, [])
                chain = [*rest, *chain]
                starts += [] if start == root else [start]
            if not starts:
                break
            root = starts[0]
        while root[0] == "call" and isinstance(root[1], tuple) and root[1][0] == "attr":
            root, rest = lookups.links(root)
            chain = [*rest, *chain]
        first = chain[0] if chain else None
        verb, model = self._begun(root, first)
        if verb is None:
            others.append(root)
        for method, args, keywords in chain:
            conditions += lookups.conditions_in(method, self._written_out(args), keywords)
            if method == "get" and args and verb is not None:
                conditions.append(lookups.Condition(None, "id", args[0]))
            if method in {"delete", "update"} and verb == "" and method != (first or ("",))[0]:
                verb = "deletes" if method == "delete" else "changes"
        if verb is None and not self._is_started(root, chain):
            return None
        return lookups.Lookup(model, tuple(conditions), tuple(others), verb or "")

    def _written_out(self, args: tuple[Shape, ...]) -> tuple[Shape, ...]:
        """Return arguments with a condition that has a name as what the name was given: `mine = Note.user_id == me`."""
        bound = (self._frame.bound(str(arg[1])) if arg[0] == "name" else () for arg in args)
        return tuple(part for arg, values in zip(args, bound, strict=True) for part in values or (arg,))

    def _begun(
        self, root: Shape, first: tuple[str, tuple[Shape, ...], tuple[tuple[str, Shape], ...]] | None
    ) -> tuple[str | None, Shape | None]:
        match root:
            case ("call", tuple(func), tuple(args), _):
                return lookups.root_verb(self._frame.value(func)), args[0] if args else None
        if first is not None and first[0] == "query":
            return lookups.root_verb(self._frame.value(("attr", root, "query"))), first[1][0] if first[1] else None
        return None, None

    def _is_started(
        self, root: Shape, chain: list[tuple[str, tuple[Shape, ...], tuple[tuple[str, Shape], ...]]]
    ) -> bool:
        """Tell whether a chain narrows a statement that a function of the project's own begins."""
        first = chain[0][0] if chain else ""
        func: Shape = ("attr", root, first) if root[0] != "call" else root
        value = (
            self._frame.value(func[1]) if func[0] == "call" and isinstance(func[1], tuple) else self._frame.value(func)
        )
        function = None if value is None else self._frame.walk.analysis.graph.function_of(value)
        return function is not None and any(method in {"where", "filter", "filter_by"} for method, _, _ in chain)

    def found(self, lookup: Lookup, record: Call) -> Origins:
        """Return what a look-up gives: the caller's own row, one that the request asked for, or another."""
        if any(condition.column and self._is_digest(condition.value) for condition in lookup.conditions):
            return TRUSTED  # a password or a token that was sent, and is stored as its hash
        spot = Spot(record.line, record.column, record.blocks)
        vouched = self._frame.guards.at(spot)
        model = self._model(lookup)
        ids: Origins = NOTHING
        narrowing: Origins = self._frame.union(lookup.others)
        for condition in lookup.conditions:
            origins = self._frame.walk.trusted(self._frame.origins(condition.value), vouched)
            if condition.owner is not None and not self._is_column(condition.owner):
                continue
            own = model or self._model_of(condition.owner)
            model = model or own
            owner = own if condition.owner is None else self._model_of(condition.owner) or own
            if owner and condition.column:
                self._frame.walk.compare(owner, condition.column, origins)
            if condition.column and owner == own and self._frame.walk.ownership.identifies(own, condition.column):
                ids |= origins
            elif condition.column != "" or "caller" in kinds(origins):
                narrowing |= origins
        return self._judge(lookup, _Asked(model, ids, narrowing), record, vouched)

    def _is_digest(self, shape: Shape) -> bool:
        function = self._frame.function
        return is_digest(self._frame.walk.analysis, function.source, function.index, shape)

    def _judge(self, lookup: Lookup, asking: _Asked, record: Call, vouched: frozenset[str]) -> Origins:
        model, ids, narrowing = asking
        spot = Spot(record.line, record.column, record.blocks)
        roots = requested(ids)
        is_narrowed = bool(kinds(narrowing) & {"caller", "trusted", "unknown"}) or bool(asked(narrowing) & vouched)
        if "caller" in kinds(narrowing | ids) and not record.discarded:
            names = asked(narrowing | ids) | {row.name for row in rows_of(narrowing | ids)}
            self._frame.guards.add(spot, frozenset(names))
        if not roots:
            return self._frame.walk.looked_up(model, ids or narrowing)
        if is_narrowed or EVERYTHING in vouched or roots & vouched or not model:
            return TRUSTED
        name = f"{self._frame.source.path}:{record.line:07}:{record.column:05}:{'+'.join(sorted(roots))}"
        place = self._frame.place or self._frame.start(record)
        row = self._frame.walk.row(name, model, roots, (*self._frame.way, (self._frame.source, record.line)), place)
        if lookup.verb:
            self._frame.walk.expose(row, lookup.verb, ())
        return frozenset({row})

    def _is_column(self, shape: Shape) -> bool:
        """Tell whether an attribute of this belongs to a table: a class, or a model that was handed over."""
        if self._frame.is_own(shape) or self._frame.is_receiver(shape):
            return True
        value = self._frame.value(shape)
        if value is not None and value.kind in {"class", "external"}:
            return True
        return "class" in kinds(self._frame.origins(shape)) if shape[0] == "name" else False

    def _model(self, lookup: Lookup) -> str:
        if lookup.model is None:
            return next((self._model_of(each.owner) for each in lookup.conditions if each.owner is not None), "")
        if isinstance(lookup.model, str):
            return self._frame.walk.ownership.model_in(Value("class", lookup.model)) or self._generic()
        return self._model_of(lookup.model)

    def _model_of(self, shape: Shape | None) -> str:
        """Return the model an expression names: a class, its column, or the type a generic class was made for."""
        if shape is None:
            return ""
        if shape[0] == "call" and isinstance(shape[2], tuple) and len(shape[2]) == 1:
            return self._model_of(shape[2][0])
        if self._frame.is_own(shape):
            return self._declared(str(shape[2])) or self._generic()
        value = self._frame.value(shape)
        model = self._frame.walk.ownership.model_in(value) if value is not None and value.kind == "class" else ""
        if model:
            return model
        if shape[0] == "attr" and isinstance(shape[1], tuple) and not self._frame.is_receiver(shape[1]):
            return self._model_of(shape[1])
        if shape[0] == "name":
            return next((each.model for each in self._frame.given.get(str(shape[1]), ()) if each.kind == "class"), "")
        return ""

    def _declared(self, name: str) -> str:
        if self._frame.receiver is None:
            return ""
        found = self._frame.walk.analysis.resolver.attribute(self._frame.receiver, name)
        return self._frame.walk.ownership.model_in(found) if found is not None and found.kind == "class" else ""

    def _generic(self) -> str:
        """Return the model that the class of this method was made for."""
        if self._frame.receiver is None:
            return ""
        for ancestor in self._frame.walk.analysis.resolver.ancestors(self._frame.receiver):
            model = next(filter(None, map(self._frame.walk.ownership.model_in, ancestor.args)), "")
            if model:
                return model
        return ""
