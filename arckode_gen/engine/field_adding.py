"""Adds fields to the words of a generated module; what rows that are there would make impossible is refused here."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from arckode_gen.engine.field_files import field_to_json, fields_from_mapping
from arckode_gen.engine.field_rules import check_together
from arckode_gen.engine.field_types import TYPES
from arckode_gen.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.fields import Field
    from arckode_gen.engine.units import Unit


def missing(unit: Unit, wanted: Sequence[Field]) -> tuple[Field, ...]:
    """Return the wanted fields that a module does not have.

    Raises:
        RefusedError: it has another field of that name.
        UsageError: a field gets in the way of another, or rows that are there could not have it.
    """
    known = fields_of(unit)
    by_name = {name: field for field in known for name in (field.name, field.column)}
    for field in wanted:
        other = by_name.get(field.name) or by_name.get(field.column)
        if other is not None and other != field:
            message = f"'{field.name}' is a field of {unit.name} already: {field_to_json(other)}"
            hint = "`make:field` only adds; change the code by hand, and write the migration that changes the column"
            raise RefusedError(message, hint)
    new = tuple(field for field in wanted if field not in known)
    check_together((*known, *new))
    for field in new:
        _refuse_required(unit, field)
    return new


def fields_of(unit: Unit) -> tuple[Field, ...]:
    """Return the fields that a module's manifest has."""
    return fields_from_mapping(unit.values["field"])


def words_with(unit: Unit, new: Sequence[Field], stamp: str) -> Mapping[str, object]:
    """Return the words of a module that has more fields; `stamp` is their migration's."""
    field = [*cast("list[object]", unit.values["field"]), *map(field_to_json, new)]
    stored = [each.name for each in new if each.is_stored]
    added = [*cast("list[object]", unit.values.get("added", [])), {"fields": stored, "stamp": stamp}]
    return {**unit.values, "field": field, **({"added": added} if stored else {})}


def _refuse_required(unit: Unit, field: Field) -> None:
    if not field.has_column or field.null or field.default is not None:
        return
    message = f"'{field.name}' is required, and the rows that {unit.name} may hold have no value for it"
    if field.tenant:
        raise UsageError(message, "nobody but you knows whose they are: write the migration and the code by hand")
    choices = [f"`{field.name}:{field.type}:null`"]
    if "default" in TYPES[field.type].modifiers and not field.unique:
        choices.append(f"`{field.name}:{field.type}:default=...`")
    raise UsageError(message, f"write {' or '.join(choices)}, with its other modifiers")
