"""What tests of several folders share."""

from __future__ import annotations

import compileall
import contextlib
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from arckode_gen.shell import process
from tests import warm
from tests.generated import ADAPTERS, FIELDS, GROWN, MODULES, compiled, make, new_project, write_methods
from tests.scheduling import GroupedScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import Scheduling

# A shell that starts us in the background has SIGINT ignored, and so would every process that a test interrupts.
with contextlib.suppress(ValueError):  # not the main thread: there it is the runner's affair
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A deadline measures the machine, not the code.
settings.register_profile("arckode", deadline=None)
settings.load_profile("arckode")


ROOT = Path(__file__).parents[1]
# What mypy knows of the libraries is the same for every project; each worker has its own, since two may not write one.
os.environ["MYPY_CACHE_DIR"] = str(ROOT / ".cache" / f"mypy-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}")
# A test edits a module twice within a second, and Python would take what it had compiled of it before.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def pytest_configure(config: pytest.Config) -> None:
    """Compile once what thousands of processes are about to import, and remember which servers were named."""
    for option, variable in (
        ("--redis-url", "ARCKODE_TEST_REDIS"),
        ("--kafka-url", "ARCKODE_TEST_KAFKA"),
        ("--mongo-url", "ARCKODE_TEST_MONGODB"),
    ):
        if named := config.getoption(option):
            os.environ[variable] = str(named)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for folder in ("arckode_gen", "analyzers", "templates/kernel", "stubs"):
            compileall.compile_dir(ROOT / folder, quiet=2, rx=re.compile(r"/(tree|examples)/"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return GroupedScheduling(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--s3-url", help="A genuine S3 for the storage's tests: http://KEY:SECRET@host:9000/bucket")
    parser.addoption("--redis-url", help="A Redis for the tests: redis://host:6379/0")
    parser.addoption("--kafka-url", help="A genuine Kafka for the event bus's tests: host:9092")
    parser.addoption("--mongo-url", help="A genuine MongoDB for the event store's tests: mongodb://host:27017/")


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the modules and nothing between them that was added later; tests only read it."""
    root = new_project(tmp_path_factory.mktemp("modules"))
    for words in MODULES:
        make(root, "make:module", *words)
    return compiled(root)


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything that generators can make; tests only read it."""
    root = new_project(tmp_path_factory.mktemp("everything"))
    for words in MODULES:
        make(root, "make:module", *words)
    for words in FIELDS:
        make(root, "make:field", *words)
    for kind in ADAPTERS:
        make(root, "make:adapter", kind)
    write_methods(root)
    for words in GROWN:
        make(root, *words)
    return compiled(root)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A new, empty project of the test's own."""
    return new_project(tmp_path)


@pytest.fixture(autouse=True)
def warm_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands that run in the tests' own process start scripts where the libraries are imported already."""
    if hasattr(os, "memfd_create"):
        monkeypatch.setattr(process, "start", warm.start)
