"""Which adapter is behind a port is a setting: a typo ends the program at its start, memory in production too."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, get_args

import pytest

from kernel.access_tokens import TokenSettings
from kernel.app import Kernel
from kernel.cache import CacheSettings
from kernel.errors import WiringError
from kernel.event_bus_settings import EventBusSettings
from kernel.event_store import EventStoreSettings
from kernel.event_store_database import provide_event_store
from kernel.mail import MailSettings
from kernel.push import PushSettings
from kernel.queue import QueueSettings
from kernel.settings import KernelSettings, PartSettings, PortSettings, RateLimitSettings
from kernel.storage import StorageSettings
from kernel.streams import StreamSettings
from kernel.websockets import SocketSettings
from stubs.adapter.derive import ADAPTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]


class Settings(KernelSettings):
    cache: CacheSettings = CacheSettings()
    event_store: EventStoreSettings = EventStoreSettings()
    mail: MailSettings = MailSettings()
    storage: StorageSettings = StorageSettings()
    tokens: TokenSettings = TokenSettings()


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)


PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "sqlite:///./shop.db",
    "CACHE__PROVIDER": "redis",
    "MAIL__PROVIDER": "smtp",
    "STORAGE__PROVIDER": "s3",
    "STORAGE__BUCKET": "shop",
    "TOKENS__PROVIDER": "jwt",
    "TOKENS__KEYS": '{"2026": {"algorithm": "HS256", "key": "a key for the tests, and long enough"}}',
}


def said(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    for name, value in {**PRODUCTION, **changes}.items():
        monkeypatch.setenv(name, value)


def test_the_environment_says_what_is_behind_each_port(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, CACHE__URL="rediss://cache:6379/2", MAIL__PORT="2525", TOKENS__LIFETIME="60")
    settings = Settings.load()
    assert settings.of(CacheSettings).url.get_secret_value() == "rediss://cache:6379/2"
    assert (settings.mail.provider, settings.mail.port) == ("smtp", 2525)
    assert (settings.storage.bucket, settings.tokens.lifetime, settings.tokens.signs_with) == ("shop", 60, "2026")
    assert "long enough" not in repr(settings)


def test_a_file_says_it_too_and_tests_do_not_read_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAIL__PROVIDER=smtp\nMAIL__HOST=mail.example.com\n")
    assert Settings.load().mail.host == "mail.example.com"
    assert Settings.for_tests().mail.provider == "memory"
    assert Settings.for_tests(mail=MailSettings(provider="smtp")).mail.host == "127.0.0.1"


WRONG = [
    ({"CACHE__PROVIDER": "reddis"}, "CACHE__PROVIDER: 'reddis' is unknown; choose 'memory' or 'redis'"),
    ({"CACHE__URL": "http://cache"}, "CACHE__URL: write redis://host:6379/0, rediss:// for TLS, or unix://"),
    ({"CACHE__URI": "redis://cache"}, "CACHE__URI: CACHE has no URI; did you mean 'URL'?"),
    ({"CACHE__FLAVOUR": "mint"}, "CACHE__FLAVOUR: CACHE has no FLAVOUR; it has: "),
    (
        {"EVENT_STORE_PROVIDER": "postgre"},
        "EVENT_STORE_PROVIDER: 'postgre' is unknown; choose 'memory', 'database', 'sqlite'",
    ),
    ({"EVENT_STORE_PROVIDER": "memory"}, "settings: EVENT_STORE_PROVIDER is memory, which a restart empties"),
    ({"MAIL__SENDER": "nobody"}, "MAIL__SENDER: This is not a mail address."),
    ({"STORAGE__BUCKET": ""}, "STORAGE: s3 needs a BUCKET"),
    ({"TOKENS__KEYS": "not json"}, 'settings: error parsing value for field "tokens"'),
    (
        {"TOKENS__KEYS": '{"a": {"algorithm": "none", "key": "secret"}}'},
        "TOKENS__KEYS__A__ALGORITHM: 'none' is unknown",
    ),
    (
        {"CACHE__PROVIDER": "memory"},
        "settings: CACHE__PROVIDER is memory, which a restart empties and no other process",
    ),
    ({"MAIL__PROVIDER": "memory"}, "settings: MAIL__PROVIDER is memory"),
    ({"STORAGE__PROVIDER": "local"}, "settings: STORAGE__SECRET must be set, or links end"),
    ({"STORAGE__PROVIDER": "local", "STORAGE__SECRET": ""}, "settings: STORAGE__SECRET must be set"),
    ({"TOKENS__PROVIDER": "memory"}, "settings: TOKENS__PROVIDER is memory"),
]


@pytest.mark.parametrize(
    ("changes", "line"), WRONG, ids=[next(iter(row[0].items()))[0] + row[1][-12:] for row in WRONG]
)
def test_a_wrong_choice_ends_the_program_with_one_line(
    changes: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(monkeypatch, **changes)
    with pytest.raises(SystemExit) as ended:
        Settings.load()
    assert str(ended.value).startswith(line)
    assert "\n" not in str(ended.value)
    assert "secret" not in str(ended.value)


def test_memory_in_production_has_to_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, CACHE__PROVIDER="memory", CACHE__MEMORY_IN_PRODUCTION="true")
    assert Settings.load().cache.provider == "memory"


def test_what_a_platform_sets_for_a_service_of_that_name_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch, CACHE_PORT="tcp://10.0.0.1:6379", MAIL_SERVICE_HOST="10.0.0.2", STORAGE_PORT_80_TCP="tcp://x")
    assert Settings.load().cache.provider == "redis"


def test_a_port_that_nobody_set_up_is_named() -> None:
    with pytest.raises(WiringError, match=r"Settings has no MailSettings; add an attribute of that type, with `Mail"):
        Kernel(KernelSettings.for_tests(database_url="sqlite://")).settings.of(MailSettings)


def test_a_port_may_have_a_variable_of_another_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EVENT_STORE_PROVIDER=mariadb\nEVENT_STORE__POLL=3\n")
    assert Settings.load().event_store == EventStoreSettings(provider="mariadb", poll=3)
    monkeypatch.setenv("EVENT_STORE_PROVIDER", "sqlite")
    assert Settings.load().event_store == EventStoreSettings(provider="sqlite", poll=3)
    monkeypatch.setenv("EVENT_STORE__PROVIDER", "postgresql")
    assert Settings.load().event_store.provider == "postgresql"


def test_events_are_stored_in_the_database_that_both_settings_name() -> None:
    for provider in ("database", "sqlite", "memory"):
        chosen = EventStoreSettings.model_validate({"provider": provider})
        provide_event_store(Kernel(Settings.for_tests(database_url="sqlite://", event_store=chosen)))
    wrong = EventStoreSettings(provider="postgresql")
    kernel = Kernel(Settings.for_tests(database_url="sqlite://", event_store=wrong))
    with pytest.raises(
        WiringError, match="EVENT_STORE_PROVIDER is postgresql, and DATABASE_URL names a sqlite database"
    ):
        provide_event_store(kernel)


def test_a_database_is_named_by_parts_where_nothing_names_it_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("DB_HOST=file\nDB_NAME=shop\nDB_USER=ada\n")
    monkeypatch.setenv("DB_HOST", "env")
    assert Settings.load().database_url == "postgresql://ada@env:5432/shop"
    with (tmp_path / ".env").open("a") as file:
        file.write("DATABASE_URL=sqlite:///./file.db\n")
    assert Settings.load().database_url == "sqlite:///./file.db"


class Letters(PartSettings):
    """What a module of one's own is told."""

    variables: ClassVar[Mapping[str, str]] = MappingProxyType({"site": "SITE_URL"})
    said_in_production: ClassVar[tuple[str, ...]] = ("site", "secret")

    site: str = "http://localhost"
    secret: str = "guess me"


class WithLetters(KernelSettings):
    letters: Letters = Letters()


def test_what_a_module_must_be_told_in_production_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    said(monkeypatch)
    for name in PRODUCTION:
        if "__" in name:
            monkeypatch.delenv(name)
    with pytest.raises(SystemExit, match=r"^settings: SITE_URL and LETTERS__SECRET must be set in production$"):
        WithLetters.load()
    monkeypatch.setenv("SITE_URL", "https://shop.example")
    with pytest.raises(SystemExit, match=r"^settings: LETTERS__SECRET must be set in production$"):
        WithLetters.load()
    monkeypatch.setenv("LETTERS__SECRET", "of ours")
    assert WithLetters.load().letters == Letters(site="https://shop.example", secret="of ours")


PORTS = (
    *(CacheSettings, EventBusSettings, EventStoreSettings, MailSettings, PushSettings, QueueSettings),
    *(RateLimitSettings, SocketSettings, StorageSettings, StreamSettings, TokenSettings),
)


@pytest.mark.parametrize("port", PORTS, ids=[port.__name__ for port in PORTS])
def test_what_nobody_provides_is_named_with_its_variable_and_the_command_that_adds_it(port: type[PortSettings]) -> None:
    providers = set(get_args(port.model_fields["provider"].annotation)) - {"memory"}
    assert set(port.added_by) == providers - {"own"}
    for provider in providers:
        chosen = port.model_construct(provider=provider)
        variable = port.variables.get("provider", "PART__PROVIDER")
        told = chosen.not_provided("PART__")
        assert told.startswith(f"{variable} is '{provider}', and the composition root provides no such adapter for the")
        if provider == "own":
            assert told.endswith("; let it `kernel.provide` yours, or choose another")
            continue
        words = port.added_by[provider]
        assert told.endswith(f" {port.__name__}; add it with `arckode {words}`, or choose another")
        command, _, kind = words.partition(" ")
        assert (ROOT / "stubs" / command.removeprefix("make:")).is_dir()
        if command == "make:adapter":
            adapter = ADAPTERS[kind]
            assert adapter.settings in {"", port.__name__}
            assert adapter.provider == provider or {adapter.provider, provider} == {"mariadb", "mysql"}


def test_every_port_of_the_kernel_is_in_that_test() -> None:
    for file in (ROOT / "templates/kernel/kernel").glob("*.py"):
        importlib.import_module(f"kernel.{file.stem}")
    ours = {each for each in _below(PortSettings) if each.__module__.startswith("kernel.")}
    assert {each for each in ours if not each.__subclasses__()} == set(PORTS)


def _below(kind: type[PortSettings]) -> set[type[PortSettings]]:
    return {kind}.union(*(_below(each) for each in kind.__subclasses__())) - {PortSettings}
