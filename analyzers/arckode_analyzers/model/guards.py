"""What has been compared with the caller by the time control reaches a place, whatever the comparison is called.

A condition protects what stands inside it, or what follows it when its body never runs past its end. A call protects
what follows it when the function it runs returns only after such a comparison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arckode_analyzers.facts.moved import OWN_CONDITIONS
from arckode_analyzers.facts.shapes import children
from arckode_analyzers.model.provenance import (
    EVERYTHING,
    NOTHING,
    PERMISSIONS,
    Origins,
    asked,
    is_proof,
    kinds,
    requested,
    rows_of,
)
from arckode_analyzers.model.sinks import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arckode_analyzers.facts.records import Block, Raise, Result
    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.frame import Frame
    from arckode_analyzers.model.provenance import Origin

_NONE: frozenset[str] = frozenset()
_SAME = frozenset({"==", "is", "in"})
_OTHER = frozenset({"!=", "is not", "not in"})
_ALL_OF = frozenset({"builtins.any", "builtins.all", "builtins.bool"})
_EQUALS = words("hmac.compare_digest secrets.compare_digest operator.eq")
# Says that an account works, not what it may see.
_ACCOUNT_STATE = words(
    "is_active active is_disabled disabled enabled is_enabled is_verified verified email_verified is_email_verified"
    " email_confirmed is_confirmed confirmed is_banned banned is_blocked blocked is_locked locked suspended"
    " is_suspended is_deleted deleted deleted_at is_authenticated is_anonymous expires_at expired exp"
)
_TRUE_INSIDE = frozenset({"if", "then", "filter"})
_FALSE_INSIDE = frozenset({"else", "otherwise"})
# Nobody compares two things by making a third of them.
_NO_QUESTIONS = frozenset({"dict", "display", "format", "binary", "slice", "star", "lambda", "other"})
_DEEPEST = 12


class Spot(NamedTuple):
    """A place in a function: later ones see what earlier ones proved."""

    line: int
    column: int
    blocks: tuple[int, ...]


class Guards:
    """The comparisons of one function; `incoming` is what its caller had compared before."""

    def __init__(self, frame: Frame, incoming: frozenset[str]) -> None:
        self._frame = frame
        self._incoming = incoming
        self._blocks = frame.source.facts.blocks
        self._own = frame.walk.parts.of(frame.function).blocks
        self._calls: list[tuple[Spot, frozenset[str]]] = []
        self._known: dict[tuple[int, bool], frozenset[str]] = {}
        self._asking: set[tuple[int, bool]] = set()
        self._here: Spot | None = None

    def add(self, spot: Spot, vouched: frozenset[str]) -> None:
        """Note that a call returns only after something was compared."""
        if vouched - self._incoming:
            self._calls.append((spot, vouched))

    def at(self, spot: Spot) -> frozenset[str]:
        """Return what was compared on every way to a place."""
        found = self._incoming
        for block in spot.blocks:
            kind = self._blocks[block].kind
            if kind in _TRUE_INSIDE:
                found |= self._says(block, truth=True)
            elif kind in _FALSE_INSIDE:
                found |= self._says(block, truth=False)
        for at in self._own:
            found |= self._passed(at, spot)
        for where, vouched in self._calls:
            if where[:2] < spot[:2] and self._covers(where.blocks, spot):
                found |= vouched
        return found

    def _passed(self, at: int, spot: Spot) -> frozenset[str]:
        """Return what a condition proves by having been passed."""
        block = self._blocks[at]
        is_before = (block.line, block.column) < spot[:2] and at not in spot.blocks
        if not is_before or block.kind not in {"if", "else", "assert"} or self._is_beside(block, spot):
            return _NONE
        if not self._covers(block.blocks, spot):
            return _NONE
        if block.kind == "assert":
            return self._says(at, truth=True)
        return self._says(at, truth=block.kind == "else") if block.ends else _NONE

    def _is_beside(self, block: Block, spot: Spot) -> bool:
        """Tell whether a place is in the other branch of the same condition."""
        return any(
            (self._blocks[at].line, self._blocks[at].column) == (block.line, block.column)
            and self._blocks[at].blocks == block.blocks
            for at in spot.blocks
        )

    def _covers(self, blocks: tuple[int, ...], spot: Spot) -> bool:
        """Tell whether what stands in some blocks has happened, for all that matters, when a later place is reached."""
        return all(at in spot.blocks or self._is_passed_through(at, spot) for at in blocks)

    def _is_passed_through(self, at: int, spot: Spot) -> bool:
        block = self._blocks[at]
        if block.kind in {"with", "finally", "assert", "case"}:
            return True
        if block.kind == "try":
            return all(self._blocks[handler].ends for handler in self._handlers(at))
        if block.kind == "except" or self._is_beside(block, spot):
            return False
        if block.kind == "else" and self._sibling_ends(block):
            return True
        return self._is_about_the_row(block.test)

    def _is_about_the_row(self, test: Shape) -> bool:
        """Tell whether a condition asks about the caller or the row, so that what it leaves out needs no comparison."""
        mentioned = self._mentioned(test)
        return bool(kinds(mentioned) & {"caller", "row", "trusted", "unknown"})

    def _handlers(self, at: int) -> list[int]:
        """Return the `except` blocks of a `try`."""
        block = self._blocks[at]
        later = [
            other
            for other in self._own
            if self._blocks[other].blocks == block.blocks
            and (self._blocks[other].line, self._blocks[other].column) > (block.line, block.column)
            and self._blocks[other].kind in {"try", "except"}
        ]
        later.sort(key=lambda other: (self._blocks[other].line, self._blocks[other].column))
        found: list[int] = []
        for other in later:
            if self._blocks[other].kind == "try":
                break
            found.append(other)
        return found

    def _sibling_ends(self, block: Block) -> bool:
        return any(
            self._blocks[at].kind == "if"
            and (self._blocks[at].line, self._blocks[at].column) == (block.line, block.column)
            and self._blocks[at].ends
            for at in self._own
        )

    # At the end of the function

    def at_end(self) -> frozenset[str]:
        """Return what was compared whenever the function returns: at its end, and at each `return`."""
        frame = self._frame
        rows = frame.source.results_of.get(frame.function.index, ())
        last = Spot(10**9, 0, ())
        ends = [self.at(last)] if self._runs_to_its_end() else []
        ends += [self.at(Spot(row.line, row.column, row.blocks)) for row in rows if row.how == "return"]
        ends += [] if self._runs_to_its_end() else [self.at(spot) for spot in self._bare_returns()]
        if not ends:
            ends = [self.at(last)]
        found = frozenset.intersection(*ends)
        return found - self._incoming if EVERYTHING not in self._incoming else _NONE

    def _runs_to_its_end(self) -> bool:
        """Tell whether control can pass the last statement: it cannot when that returns or raises."""
        frame = self._frame
        rows = frame.source.results_of.get(frame.function.index, ())
        places = [row.blocks for row in rows if row.how == "return"]
        places += [row.blocks for row in self._raises()]
        return not any(all(self._blocks[at].kind in {"with", "try"} for at in blocks) for blocks in places)

    def _raises(self) -> Sequence[Raise]:
        return self._frame.source.raises_of.get(self._frame.function.index, ())

    def _bare_returns(self) -> list[Spot]:
        """Return the places inside the conditions whose body leaves without a value and without raising."""
        frame = self._frame
        rows = frame.source.results_of.get(frame.function.index, ())
        places = (*(row.blocks for row in rows), *(row.blocks for row in self._raises()))
        told = {at for blocks in places for at in blocks[-1:]}
        return [
            Spot(self._blocks[at].line, 10**6, (*self._blocks[at].blocks, at))
            for at in self._own
            if self._blocks[at].ends and self._blocks[at].kind in {"if", "else", "case"} and at not in told
        ]

    def when(self, *, truth: bool) -> frozenset[str]:
        """Return what is proven when the function answers something true, or something false."""
        frame = self._frame
        found = _NONE
        for row in frame.source.results_of.get(frame.function.index, ()):
            if row.value[0] == "const":
                if bool(row.value[1]) is truth or row.value == ("other", ()):
                    found |= self.at(Spot(row.line, row.column, row.blocks))
            elif row.value[0] not in _NO_QUESTIONS:
                found |= self.implied(row.value, truth=truth)
        return found - self._incoming

    def of_result(self, row: Result) -> frozenset[str]:
        """Return what a returned expression compares itself: `row if row.owner_id == me else None`."""
        if row.value[0] != "either":
            return _NONE
        found = self.implied(row.value, truth=True)
        for at in self._own:
            block = self._blocks[at]
            if block.kind == "then" and block.blocks == row.blocks and 0 <= block.line - row.line <= OWN_CONDITIONS:
                found |= self._says(at, truth=True)
        return found

    # What a condition says

    def _says(self, at: int, *, truth: bool) -> frozenset[str]:
        key = (at, truth)
        if key not in self._known and key not in self._asking:
            block = self._blocks[at]
            before, self._here = self._here, Spot(block.line, block.column, block.blocks)
            self._asking.add(key)
            cuts = self._frame.cuts
            found = self.implied(block.test, truth=truth)
            self._asking.discard(key)
            self._here = before
            if self._asking or self._frame.cuts != cuts:
                return found
            self._known[key] = found
        return self._known.get(key, _NONE)

    def implied(self, test: Shape, *, truth: bool, depth: int = 0) -> frozenset[str]:
        """Return what is compared with the caller when a condition is true, or when it is false."""
        if depth > _DEEPEST:
            return _NONE
        role = frozenset({EVERYTHING}) if depth == 0 and self._is_role(test) else _NONE
        match test:
            case ("not", tuple(inner)):
                return role | self.implied(inner, truth=not truth, depth=depth + 1)
            case ("either", tuple(parts)):
                return role.union(*(self.implied(part, truth=truth, depth=depth + 1) for part in parts))
            case ("compare", tuple(operators), tuple(operands)):
                found = role
                for at, operator in enumerate(operators):
                    if operator in (_SAME if truth else _OTHER):
                        found |= self._pair(operands[at], operands[at + 1])
                return found
            case ("comp", tuple(element), _):
                return self.implied(element, truth=truth, depth=depth + 1)
            case ("call", tuple(func), tuple(args), _):
                return role | self._called(test, func, args, truth=truth, depth=depth)
            case ("name", str(name)):
                values = self._frame.bound(name)
                return role | self.implied(values[0], truth=truth, depth=depth + 1) if len(values) == 1 else role
        return role

    def _called(self, test: Shape, func: Shape, args: tuple[Shape, ...], *, truth: bool, depth: int) -> frozenset[str]:
        value = self._frame.value(func)
        if value is not None and value.name in _ALL_OF and args:
            return self.implied(args[0], truth=truth, depth=depth + 1)
        if value is not None and value.name in _EQUALS and len(args) == 2:
            return self._pair(args[0], args[1]) if truth else _NONE
        if self._frame.is_asking(test):
            return _NONE
        summaries = self._frame.summaries(test)
        if summaries:
            said = [each.when_true if truth else each.when_false for each in summaries]
            return frozenset.intersection(*said)
        return self._asked_elsewhere(test, value is None or not value.name.startswith(("builtins.", "sqlalchemy.")))

    def _asked_elsewhere(self, test: Shape, is_possible: object) -> frozenset[str]:
        """Take a question nobody can look into, about the row and the caller, for the comparison."""
        mentioned = self._mentioned(test)
        if not is_possible or "caller" not in kinds(mentioned):
            return _NONE
        return _names(rows_of(mentioned)) | asked(mentioned)

    def _pair(self, left: Shape, right: Shape) -> frozenset[str]:
        frame = self._frame
        first, second = frame.origins(left), frame.origins(right)
        return self._one_side(left, first, second) | self._one_side(right, second, first)

    def _one_side(self, shape: Shape, own: Origins, other: Origins) -> frozenset[str]:
        rows = rows_of(own)
        if rows and (is_proof(other, self._incoming) or (rows_of(other) and is_proof(other, self._so_far()))):
            self._remember(shape, other)
            return _names(rows)
        if "caller" in kinds(other) and requested(own):
            return requested(own)
        return _NONE

    def _so_far(self) -> frozenset[str]:
        """Return what was compared before the condition that is being read."""
        here, self._here = self._here, None
        found = self._incoming if here is None else self.at(here)
        self._here = here
        return found

    def _remember(self, shape: Shape, other: Origins) -> None:
        """Remember the column that is compared with the caller."""
        if "caller" not in kinds(other) or shape[0] not in {"attr", "item"}:
            return
        key = shape[2]
        column = str(key[1]) if isinstance(key, tuple) and key[0] == "const" else str(key)
        for row in rows_of(self._frame.origins(shape)):
            self._frame.walk.compare(row.model, column, other)

    # Roles

    def _is_role(self, test: Shape) -> bool:
        """Tell whether a condition asks only what kind of caller this is, such as `user.is_superuser`."""
        mentioned = self._mentioned(test)
        return "caller" in kinds(mentioned) and not kinds(mentioned) & {"row", "request"} and self._asks_a_role(test)

    def _asks_a_role(self, test: Shape) -> bool:
        match test:
            case ("attr", tuple(base), str(name)):
                is_caller = "caller" in kinds(self._frame.origins(base))
                return is_caller and name not in _ACCOUNT_STATE and not self._is_permission(test)
            case ("item", tuple(base), ("const", str(name))):
                return "caller" in kinds(self._frame.origins(base)) and name not in _ACCOUNT_STATE
            case ("compare", ("is" | "is not" | "==" | "!=",), (_, ("const", None))):
                return False
            case ("compare", _, tuple(operands)):
                return not any(map(self._is_permission, operands)) and any(map(self._asks_a_role, operands))
            case ("call", tuple(func), tuple(args), _):
                is_method = func[0] == "attr" and isinstance(func[1], tuple)
                of_caller = is_method and "caller" in kinds(self._frame.origins(func[1]))
                handed = any("caller" in kinds(self._frame.origins(arg)) for arg in args)
                return of_caller or handed
            case ("not", _) | ("either", _):
                return any(map(self._asks_a_role, children(test)))
        return False

    def _is_permission(self, shape: Shape) -> bool:
        """Tell whether an expression is the runtime's set of permissions: what may be done, not with whose rows."""
        value = self._frame.value(shape)
        return value is not None and value.name in PERMISSIONS

    def _mentioned(self, shape: Shape) -> Origins:
        """Return what a condition is about, comparisons included."""
        if shape[0] in {"compare", "not", "either"}:
            parts = [self._mentioned(part) for part in children(shape)]
            return frozenset().union(*parts) if parts else NOTHING
        found = self._frame.origins(shape)
        if shape[0] == "call":
            for part in children(shape):
                found |= self._mentioned(part)
        return found


def _names(rows: list[Origin]) -> frozenset[str]:
    """Return what a comparison of some rows proves: they are the caller's, and so is what was asked for by."""
    return frozenset(row.name for row in rows).union(*(row.roots for row in rows))
