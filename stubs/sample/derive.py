"""Where the names of the sample come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    "tests.modules.orders.factory": "order_body shipping_body",
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


_TESTED = ("orders", "user_overviews", "users")


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:  # noqa: ARG001  a derive's shape
    """Return the derived values; some names mean something else in each module."""
    package = str(values["package"])
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
