"""How the processes of an application tell each other what happened: the settings, with the names that people know."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from .redis_address import RedisAddress

_BROKERS = re.compile(r"[^\s,:/]+:[0-9]{1,5}(,[^\s,:/]+:[0-9]{1,5})*")


class EventBusSettings(RedisAddress):
    """Which broker carries events, and how this process takes them."""

    variables: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "provider": "EVENT_BUS_PROVIDER",
            "redis_host": "REDIS_HOST",
            "redis_port": "REDIS_PORT",
            "redis_db": "REDIS_EVENTS_BUS_DB",
            "rabbitmq_url": "RABBITMQ_URL",
            "kafka_brokers": "KAFKA_BROKERS",
        }
    )
    added_by: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "redis": "make:adapter bus-redis",
            "rabbitmq": "make:adapter bus-rabbitmq",
            "kafka": "make:adapter bus-kafka",
        }
    )

    provider: Literal["memory", "redis", "rabbitmq", "kafka"] = "memory"
    redis_db: int = Field(default=2, ge=0)
    rabbitmq_url: SecretStr = Field(default=SecretStr("amqp://guest:guest@127.0.0.1:5672/"), description="Or amqps://.")
    rabbitmq_queues: Literal["quorum", "classic"] = Field(
        default="quorum", description="What kind they are made as; it cannot be changed afterwards."
    )
    kafka_brokers: str = Field(default="127.0.0.1:9092", description="host:port, with commas in between.")
    kafka_replicas: int = Field(default=1, ge=1, description="Copies of the topic, when it is made; 3 in a cluster.")
    partitions: int = Field(default=4, ge=1, le=1000, description="What one key is kept in order in; never fewer.")
    prefetch: int = Field(default=100, ge=1, description="Events of a partition that are taken at a time.")
    consume: bool = Field(default=True, description="Handle events in this process; false where it only publishes.")
    metrics: bool = Field(default=False, description="Serve /events/metrics to whoever can reach it.")
    poll: float = Field(default=5.0, gt=0, description="Seconds between two looks for what other processes left.")
    lease: float = Field(default=15.0, gt=0, description="Seconds of silence until a process counts as gone.")
    grace: float = Field(default=20.0, ge=0, description="Seconds that handlers have when the process is stopped.")
    remember: float = Field(default=604_800.0, ge=0, description="Seconds that a handled event is known as handled.")

    @field_validator("rabbitmq_url")
    @classmethod
    def _is_amqp(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("amqp://", "amqps://")):
            raise ValueError("write amqp://user:password@host:5672/, or amqps:// for TLS")
        return value

    @field_validator("kafka_brokers")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        without_spaces = re.sub(r"\s*,\s*", ",", value.strip())
        if _BROKERS.fullmatch(without_spaces) is None:
            raise ValueError("write host:port, with commas in between: kafka-1:9092,kafka-2:9092")
        return without_spaces
