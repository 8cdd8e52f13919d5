"""What a use case's templates need: the module's service as it is, and the method that it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine import layout
from arckode_gen.engine.names import to_pascal
from arckode_gen.engine.python_names import free_name
from arckode_gen.engine.services import module_of, service_of
from arckode_gen.engine.units import load
from arckode_gen.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.services import Service


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: there is no such module, it has no rows to work with, or the name is taken by Python.
        RefusedError: the service, or its file, has something of that name.
    """
    package = str(values["package"])
    module = module_of(project, package, str(values["module"]))
    action = free_name(str(values["name"]))
    service = service_of(project, package, module)
    if service.repository is None:
        message = (
            f"{service.name}.__init__ takes no RepositoryAdapter[...], so that a use case has no rows to work with"
        )
        raise UsageError(message, "let the service take one, as generated services do")
    rows, entity = service.repository
    class_name = to_pascal(action)
    if load(project, "usecase", f"{module.plural}_{action}") is None:
        _refuse_taken(service, action, class_name)
    one = f"{module.singular}_id"
    place = f"{package}.modules.{module.plural}"
    factory = project.read(f"tests/modules/{module.plural}/factory.py")
    makes = factory is not None and f"def store_{module.singular}(" in factory.text
    return {
        "needs": (f"module.{module.plural}",),
        "service": service,
        "many": module.plural,
        "one": module.singular,
        "word": module.singular.replace("_", " "),
        "action": action,
        "class_name": class_name,
        "rows": rows,
        "entity": entity,
        "entity_module": service.imports.get(entity, f"{place}.model"),
        "attribute": _from_column_0(layout.call(f"self._{action} = {class_name}(", [rows], indent=8), 8),
        "method": _method(action, one, entity),
        "makes_rows": makes,
        "known": {
            entity: service.imports.get(entity, f"{place}.model"),
            class_name: f"{place}.usecases.{action}",
            service.name: place,
            f"store_{module.singular}": f"tests.modules.{module.plural}.factory",
        },
    }


def _method(action: str, one: str, entity: str) -> str:
    head = layout.call(f"async def {action}(", ["self", f"{one}: UUID"], f") -> {entity}:", indent=4)
    return "\n".join(
        [_from_column_0(head, 4), '    """Raises NotFoundError."""', f"    return await self._{action}.execute({one})"]
    )


def _from_column_0(text: str, indent: int) -> str:
    return "\n".join(line.removeprefix(" " * indent) for line in text.splitlines())


def _refuse_taken(service: Service, action: str, class_name: str) -> None:
    if action in service.methods or f"_{action}" in service.attributes:
        hint = "choose another name, a verb first, such as `confirm_order`"
        raise RefusedError(f"{service.name} has `{action}` already", hint)
    if class_name in service.imports or class_name == service.name:
        hint = "choose another name, a verb first, such as `confirm_order`"
        raise RefusedError(f"{class_name} means something else in {service.path}", hint)
