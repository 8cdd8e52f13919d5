"""Where the names of the sample come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.units import load
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot

# The names that it uses, by where they come from.
_PLACES = {
    ".aggregates": "Aggregate Aggregates Command Decider EventData Unique",
    ".aggregates_testing": "given",
    ".clock": "Clock",
    ".commands": "CommandBus MessageContext",
    ".commands_queued": "QueuedCommands",
    ".errors": "ConflictError ProgrammingError",
    ".event_bus": "DistributedEventBus EVENT_BUS EventBusSettings",
    ".event_catalogue": "EventCatalogue",
    ".event_catalogue_testing": "check_recorded",
    ".event_store": "EVENT_STORE Position RecordedEvent StreamState",
    ".events": "Event new_event",
    ".filters": "Filters",
    ".http.commands": "AcceptedOut CommandId CommandOut Sender",
    ".http.projections": "AfterPosition",
    ".ids": "new_id",
    ".mail": "MAIL Mail Message",
    ".mail_memory": "MemoryMail",
    ".mail_templates": "MailTemplates",
    ".projections": "Projection Projections",
    ".push": "PUSH Push PushMessage",
    ".push_memory": "MemoryPush",
    ".push_templates": "PushTemplates",
    ".queries": "QueryBus",
    ".queue": "QUEUE QueueSettings",
    ".queue_worker": "Worker",
    ".read_models": "ReadModel ReadModelRepository",
    ".settings": "PartSettings",
    ".signed_links": "LinkSigner",
    ".testing": "fresh_database",
    "=asyncio": "asyncio",
    "collections.abc": "AsyncIterator Callable",
    "pathlib": "Path",
    "pydantic": "AfterValidator AnyHttpUrl BaseModel ConfigDict TypeAdapter",
    "sqlalchemy": "case func select",
    "tests.modules.notifications.factory": "comes mails pushes until",
    "tests.modules.orders.factory": "order_body shipping_body wanted",
    "tests.modules.user_overviews.factory": "happens order_facts",
    "tests.modules.users.factory": "registered user_body",
    "types": "MappingProxyType",
    "typing": "TypeVar assert_never",
    "urllib.parse": "parse_qsl urlsplit",
    "uuid": "uuid5",
    "{package}.composition_root": "compose",
    "{package}.modules.notifications.events": "Channel NotificationRequested",
    "{package}.modules.notifications.service": "NotificationsService",
    "{package}.modules.notifications.settings": "NotificationSettings",
    "{package}.modules.notifications.users_port": "Addresses",
    "{package}.modules.orders.aggregate": (
        "Complete CreateOrder ORDERS Order OrderCommand OrderCompleted OrderCreated OrderLine OrderShipped Ship"
    ),
    "{package}.modules.orders.controller": "OrdersController",
    "{package}.modules.orders.handlers": "CompleteOrder OrderHandlers PlaceOrder ShipOrder",
    "{package}.modules.orders.schemas": "OrderBody OrderOut ShippingBody",
    "{package}.modules.orders.service": "OrdersService",
    "{package}.modules.orders.users_port": "Customers",
    "{package}.modules.user_overviews.controller": "UserOverviewsController",
    "{package}.modules.user_overviews.model": "UserOverview",
    "{package}.modules.user_overviews.projection": "UserOverviewsProjection",
    "{package}.modules.user_overviews.questions": "SearchUsers UserAnswers UserStatistics",
    "{package}.modules.user_overviews.repository": "Statistics UserOverviewsRepository",
    "{package}.modules.user_overviews.schemas": "SearchParams StatisticsOut UserOverviewOut UserOverviewQuery",
    "{package}.modules.user_overviews.service": "UserOverviewsService",
    "{package}.modules.users.aggregate": (
        "CreateUser Deactivate USERS UpdateProfile User UserCommand UserCreated "
        "UserDeactivated UserEmailVerified UserProfileUpdated VerifyEmail"
    ),
    "{package}.modules.users.controller": "UsersController",
    "{package}.modules.users.handlers": "DeactivateUser RegisterUser UpdateUserProfile UserHandlers VerifyUserEmail",
    "{package}.modules.users.schemas": "DeactivationBody EmailProofBody ProfileBody UserBody UserOut",
    "{package}.modules.users.service": "UsersService",
    "{package}.modules.users.settings": "VerificationSettings",
    "{package}.modules.users.verification": "EmailProofs",
    "{package}.settings": "Settings",
}


_KINDS = {"notifications": "sample", "orders": "aggregate", "user_overviews": "projection", "users": "aggregate"}
_TESTED = ("orders", "user_overviews", "users")


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values; some names mean something else in each module.

    Raises:
        UsageError: the project has a module that the sample would be.
    """
    package = str(values["package"])
    _refuse_others(project, package)
    known = {word: place.format(package=package) for place, names in _PLACES.items() for word in names.split()}
    doors = {
        f"{name.capitalize()}Service": f"{package}.modules.{name}" for name in ("notifications", "orders", "users")
    }
    return {
        "needs": ("aggregate.orders", "aggregate.users", "projection.user_overviews"),
        "known": known,
        "connectors": {**known, **doors},
        "questions": {**known, "MessageContext": ".queries", "Query": ".queries"},
        **{name: {**known, "shown": f"{package}.modules.{name}.schemas"} for name in ("orders", "users")},
        **{f"{name}_tests": {**known, "facts": f"tests.modules.{name}.factory"} for name in _TESTED},
    }


def _refuse_others(project: Snapshot, package: str) -> None:
    names = [name for name in _KINDS if project.read(f"src/{package}/modules/{name}/__init__.py") is not None]
    other = [
        name for name in names if load(project, _KINDS[name], "events" if name == "notifications" else name) is None
    ]
    if other:
        where = "make it in a new project: `arckode new NAME`, and there `arckode make:sample events`"
        if load(project, "auth", "auth") is not None:
            where += (
                "; sign-in with names of its own, `arckode make:auth --prefix staff`, stands beside it in either order"
            )
        raise UsageError(
            f"the sample brings {', '.join(_KINDS)}, and this project has {' and '.join(other)} already", where
        )
