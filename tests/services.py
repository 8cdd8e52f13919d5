"""The servers that tests talk to: probed once, skipped with the reason when absent, failed when they are required."""

from __future__ import annotations

import os
import socket
from functools import cache
from typing import NoReturn
from urllib.parse import urlsplit

import pytest

from tests.own_servers import kafka_of_this_run, mongodb_of_this_run

POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
MARIADB = "mariadb://root@127.0.0.1:3306/mysql"
REDIS = "redis://127.0.0.1:6379/0"
RABBITMQ = "amqp://guest:guest@127.0.0.1:5672/"


def postgres_url() -> str:
    """Answer the URL of a PostgreSQL server, or skip the test (fail it when ARCKODE_REQUIRE_SERVICES=1)."""
    return _reachable("PostgreSQL", "ARCKODE_TEST_POSTGRES", POSTGRES)


def mariadb_url() -> str:
    """Answer the URL of a MariaDB server, or skip the test (fail it when ARCKODE_REQUIRE_SERVICES=1)."""
    return _reachable("MariaDB", "ARCKODE_TEST_MARIADB", MARIADB)


def redis_url() -> str:
    """Answer the URL of a Redis server, or skip the test (fail it when ARCKODE_REQUIRE_SERVICES=1)."""
    return _reachable("Redis", "ARCKODE_TEST_REDIS", REDIS)


def rabbitmq_url() -> str:
    """Answer the URL of a RabbitMQ server, or skip the test (fail it when ARCKODE_REQUIRE_SERVICES=1)."""
    return _reachable("RabbitMQ", "ARCKODE_TEST_RABBITMQ", RABBITMQ)


def kafka_brokers() -> str:
    """Answer the address of a Kafka, else of a server that speaks its protocol and ends with this test run."""
    return os.environ.get("ARCKODE_TEST_KAFKA", "") or kafka_of_this_run().address


def mongodb_url(kind: str) -> str:
    """Answer the URL of a MongoDB, else of a server that speaks its protocol and ends with this test run.

    `mongodb` is the closest of those that do, and anything else the second opinion; a genuine one is both.
    """
    named = os.environ.get("ARCKODE_TEST_MONGODB", "")
    if named:
        return named
    try:
        return mongodb_of_this_run(kind)
    except FileNotFoundError as error:  # there is none for this version of Python
        return missing(f"{error.filename} is not installed; set ARCKODE_TEST_MONGODB")


def _reachable(name: str, variable: str, default: str) -> str:
    url = os.environ.get(variable, default)
    problem = _probe(url)
    if not problem:
        return url
    return missing(f"{name} does not answer ({problem}); set {variable}")


def missing(message: str) -> NoReturn:
    """Skip the test that needs a server, or fail it when ARCKODE_REQUIRE_SERVICES=1."""
    if os.environ.get("ARCKODE_REQUIRE_SERVICES") == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@cache
def _probe(url: str) -> str:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=2):
            return ""
    except OSError as error:
        return f"{parts.hostname}:{parts.port}: {error}"
