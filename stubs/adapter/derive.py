"""What each adapter adds: its port, its settings, and what an environment says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project import Snapshot


@dataclass(frozen=True, slots=True)
class Adapter:
    """One driver behind a port; `variables` are for .env.example, `production` for the containers.

    Without a class of `settings` the kernel's own settings know the port already.
    """

    attribute: str
    settings: str
    port: str
    module: str
    provide: str
    provider: str
    what: str
    variables: tuple[str, ...]
    production: tuple[str, ...]


# Both storages say the same here, so that the two can be there together and the environment chooses.
_CHOSEN_STORAGE = "STORAGE__PROVIDER: ${STORAGE__PROVIDER:?local or s3}"

_CHOSEN_STORE = "EVENT_STORE_PROVIDER: ${EVENT_STORE_PROVIDER:-database}"

# Three databases, one store: it is in the project's own, and the provider's name insists on which that is.
_EVENT_STORES = {
    f"event-store-{kind}": Adapter(
        attribute="event_store",
        settings="EventStoreSettings",
        port="event_store",
        module="event_store_database",
        provide="provide_event_store",
        provider=provider,
        what="events are",
        variables=("# EVENT_STORE_PROVIDER=database",),
        production=(_CHOSEN_STORE,),
    )
    for kind, provider in (("mariadb", "mariadb"), ("postgres", "postgresql"), ("sqlite", "sqlite"))
}


def _outside(server: str, variables: tuple[str, ...], production: str) -> Adapter:
    return Adapter(
        attribute="event_store",
        settings="EventStoreSettings",
        port="event_store",
        module=f"event_store_{server}",
        provide=f"provide_{server}_event_store",
        provider=server,
        what="events are",
        variables=("# EVENT_STORE_PROVIDER=database", *variables),
        production=(_CHOSEN_STORE, production),
    )


# Three brokers, one bus; they can be there together, and the environment chooses.
_CHOSEN_BUS = "EVENT_BUS_PROVIDER: ${EVENT_BUS_PROVIDER:?redis, rabbitmq or kafka}"


def _bus(broker: str, variables: tuple[str, ...], production: str) -> Adapter:
    return Adapter(
        attribute="event_bus",
        settings="EventBusSettings",
        port="event_bus",
        module=f"event_bus_{broker}",
        provide=f"provide_{broker}_bus",
        provider=broker,
        what="events between processes are",
        variables=("EVENT_BUS_PROVIDER=memory", *variables),
        production=(_CHOSEN_BUS, production),
    )


ADAPTERS: Mapping[str, Adapter] = {
    "bus-kafka": _bus("kafka", ("# KAFKA_BROKERS=127.0.0.1:9092",), "KAFKA_BROKERS: ${KAFKA_BROKERS:-kafka:9092}"),
    "bus-rabbitmq": _bus(
        "rabbitmq",
        ("# RABBITMQ_URL=amqp://guest:guest@127.0.0.1:5672/",),
        "RABBITMQ_URL: ${RABBITMQ_URL:-amqp://guest:guest@rabbitmq:5672/}",
    ),
    "bus-redis": _bus(
        "redis",
        ("# REDIS_HOST=127.0.0.1", "# REDIS_PORT=6379", "# REDIS_EVENTS_BUS_DB=2"),
        "EVENT_BUS__REDIS_URL: ${EVENT_BUS__REDIS_URL:-redis://events:6379/0}",
    ),
    **_EVENT_STORES,
    "event-store-mongodb": _outside(
        "mongodb",
        ("# MONGODB_URL=mongodb://127.0.0.1:27017/",),
        "MONGODB_URL: ${MONGODB_URL:-mongodb://mongodb:27017/?replicaSet=rs0}",
    ),
    "event-store-redis": _outside(
        "redis",
        ("# REDIS_HOST=127.0.0.1", "# REDIS_PORT=6379", "# REDIS_EVENTS_STORE_DB=1"),
        "EVENT_STORE__REDIS_URL: ${EVENT_STORE__REDIS_URL:-redis://eventstore:6379/0}",
    ),
    "event-relay": Adapter(
        attribute="event_bus",
        settings="EventBusSettings",
        port="event_bus",
        module="event_store_relay",
        provide="use_event_relay",
        provider="",
        what="",
        variables=("EVENT_BUS_PROVIDER=memory", "# EVENT_STORE_PROVIDER=database"),
        production=(_CHOSEN_BUS, _CHOSEN_STORE),
    ),
    "jwt": Adapter(
        attribute="tokens",
        settings="TokenSettings",
        port="access_tokens",
        module="access_tokens_jwt",
        provide="provide_jwt_tokens",
        provider="jwt",
        what="access tokens are",
        variables=(
            "TOKENS__PROVIDER=memory",
            '# TOKENS__KEYS={"first": {"algorithm": "HS256", "key": "32 random bytes or more"}}',
        ),
        production=(
            "TOKENS__PROVIDER: jwt",
            "TOKENS__KEYS: ${TOKENS__KEYS:?set it in .env}",
            "TOKENS__SIGNING_KEY: ${TOKENS__SIGNING_KEY:-}",
        ),
    ),
    "local": Adapter(
        attribute="storage",
        settings="StorageSettings",
        port="storage",
        module="storage_local",
        provide="provide_local_storage",
        provider="local",
        what="files are",
        variables=(
            "STORAGE__PROVIDER=memory",
            "# STORAGE__FOLDER=storage",
            "# STORAGE__SECRET=32 random characters or more, which sign the links",
        ),
        production=(_CHOSEN_STORAGE, "STORAGE__FOLDER: /files", "STORAGE__SECRET: ${STORAGE__SECRET:-}"),
    ),
    "redis-cache": Adapter(
        attribute="cache",
        settings="CacheSettings",
        port="cache",
        module="cache_redis",
        provide="provide_redis_cache",
        provider="redis",
        what="cache is",
        variables=("CACHE__PROVIDER=memory", "# CACHE__URL=redis://127.0.0.1:6379/0"),
        production=("CACHE__PROVIDER: redis", "CACHE__URL: redis://cache:6379/0"),
    ),
    "redis-limits": Adapter(
        attribute="rate_limits",
        settings="",
        port="rate_limits",
        module="rate_limits_redis",
        provide="provide_redis_rate_limits",
        provider="redis",
        what="rates are",
        variables=("RATE_LIMITS__PROVIDER=memory", "# RATE_LIMITS__URL=redis://127.0.0.1:6379/0"),
        production=("RATE_LIMITS__PROVIDER: redis", "RATE_LIMITS__URL: redis://limits:6379/0"),
    ),
    "redis-queue": Adapter(
        attribute="queue",
        settings="QueueSettings",
        port="queue",
        module="queue_redis",
        provide="provide_redis_queue",
        provider="redis",
        what="jobs are",
        variables=("# QUEUE__PROVIDER=redis", "# QUEUE__URL=redis://127.0.0.1:6379/0"),
        production=("QUEUE__PROVIDER: redis", "QUEUE__URL: redis://queue:6379/0"),
    ),
    "s3": Adapter(
        attribute="storage",
        settings="StorageSettings",
        port="storage",
        module="storage_s3",
        provide="provide_s3_storage",
        provider="s3",
        what="files are",
        variables=(
            "STORAGE__PROVIDER=memory",
            "# STORAGE__BUCKET=shop",
            "# STORAGE__REGION=us-east-1",
            "# STORAGE__ENDPOINT=http://127.0.0.1:9000",
            "# STORAGE__ACCESS_KEY_ID=",
            "# STORAGE__SECRET_ACCESS_KEY=",
        ),
        production=(
            _CHOSEN_STORAGE,
            "STORAGE__BUCKET: ${STORAGE__BUCKET:-}",
            "STORAGE__REGION: ${STORAGE__REGION:-us-east-1}",
            "STORAGE__ENDPOINT: ${STORAGE__ENDPOINT:-}",
            "STORAGE__ACCESS_KEY_ID: ${STORAGE__ACCESS_KEY_ID:-}",
            "STORAGE__SECRET_ACCESS_KEY: ${STORAGE__SECRET_ACCESS_KEY:-}",
        ),
    ),
    "smtp": Adapter(
        attribute="mail",
        settings="MailSettings",
        port="mail",
        module="mail_smtp",
        provide="provide_smtp_mail",
        provider="smtp",
        what="mail is",
        variables=(
            "MAIL__PROVIDER=memory",
            "# MAIL__SENDER=Shop <shop@example.com>",
            "# MAIL__HOST=smtp.example.com",
            "# MAIL__TLS=starttls",
            "# MAIL__USERNAME=",
            "# MAIL__PASSWORD=",
        ),
        production=(
            "MAIL__PROVIDER: smtp",
            "MAIL__SENDER: ${MAIL__SENDER:?set it in .env}",
            "MAIL__HOST: ${MAIL__HOST:?set it in .env}",
            "MAIL__TLS: ${MAIL__TLS:-starttls}",
            "MAIL__USERNAME: ${MAIL__USERNAME:-}",
            "MAIL__PASSWORD: ${MAIL__PASSWORD:-}",
        ),
    ),
}


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:  # noqa: ARG001  a derive's shape
    """Return the adapter of a kind; a database has none, since the skeleton knows it."""
    adapter = ADAPTERS.get(str(values["kind"]))
    return {
        "adapter": adapter,
        "variables": adapter.variables if adapter else (),
        "production": adapter.production if adapter else (),
    }
