"""The files of a generated project that mutants break, and lines in them."""

from __future__ import annotations

from tests.rules.mutants.seeded import Edit

APP = "src/shop/"
ORDERS, CUSTOMERS, THINGS = (f"{APP}modules/{name}/" for name in ("orders", "customers", "things"))
ROOT = f"{APP}composition_root.py"
CONNECTOR = f"{APP}connectors/orders_customers.py"
SERVICE, CONTROLLER, MODEL = (f"{ORDERS}{name}.py" for name in ("service", "controller", "model"))
REPOSITORY, SCHEMAS, DOOR = (f"{ORDERS}{name}.py" for name in ("repository", "schemas", "__init__"))
KERNEL = f"{APP}kernel/ids_of_ours.py"

CREATE = "        return await self._orders.create(values)\n"
FOUND = "        return found\n"
SHOWN = "        return OrderOut.model_validate(await self._service.get_by_id(order_id))\n"
STORED = "        return OrderOut.model_validate(await self._service.create(body.values()))\n"
INDEX = "        return PageOut[OrderOut].model_validate(await self._service.list(query.listing()))\n"
LISTED = (
    "        return await self._orders.paginate(\n"
    "            query.filters, page=query.page, limit=query.limit, order_by=query.order_by, total=query.total\n"
    "        )\n"
)


def imported(path: str, *lines: str) -> Edit:
    """Import something more at the top of a module's file; every one of them imports `uuid`."""
    anchor = "from uuid import UUID\n"
    if path in {REPOSITORY, f"{CUSTOMERS}repository.py"}:
        anchor = "from shop.kernel.repository_sql import SqlRepository\n"
    if path in {DOOR, ROOT}:
        anchor = "from shop.kernel.app import Kernel\n"
    return Edit(path, anchor, anchor + "".join(f"{line}\n" for line in lines))


def method(path: str, text: str) -> Edit:
    """Add a method to the service, controller or repository of orders, in front of its first public one."""
    first = {
        SERVICE: "    async def list(",
        CONTROLLER: "    def router(",
        REPOSITORY: "    model = Order\n",
    }[path]
    text = "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
    return Edit(path, first, first + "\n" + text if path == REPOSITORY else text + "\n" + first)
