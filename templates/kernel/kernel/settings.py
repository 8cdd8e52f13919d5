"""Everything that differs between environments, read once at the start and checked before anything runs."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from .database_url import async_url, composed_url, missing_extra
from .errors import WiringError, suggestion
from .rate_values import read_rate

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s]+")
P = TypeVar("P", bound=BaseModel)


class PartSettings(BaseModel):
    """What one part of the application is told: `CACHE__TIMEOUT` for the `timeout` of `cache`.

    The two underscores keep them apart from what a platform sets by itself, such as CACHE_PORT for a service `cache`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    variables: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Other names of variables, by the attribute that they set; they count less than those with two underscores."""
    said_in_production: ClassVar[tuple[str, ...]] = ()
    """Attributes whose defaults are for development."""

    def production_problem(self, prefix: str) -> str | None:
        """Say what must not go to production as it is; a variable is named with the prefix, such as `CACHE__`."""
        left_out = [name for name in self.said_in_production if name not in self.model_fields_set]
        names = [self.variables.get(name, f"{prefix}{name.upper()}") for name in left_out]
        return f"{' and '.join(names)} must be set in production" if names else None


class PortSettings(PartSettings):
    """What is behind one port of the kernel, and where."""

    fit_in_memory: ClassVar[bool] = False
    added_by: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The words after `arckode` that add an adapter, by its provider; one without is the application's own."""

    provider: str
    memory_in_production: bool = Field(default=False, description="Accept that a restart forgets everything.")

    def production_problem(self, prefix: str) -> str | None:
        if self.provider != "memory" or self.memory_in_production or self.fit_in_memory:
            return super().production_problem(prefix)
        return (
            f"{self._chooses(prefix)} is memory, which a restart empties and no other process sees; "
            f"choose another, or accept it with {prefix}MEMORY_IN_PRODUCTION=true"
        )

    def not_provided(self, prefix: str) -> str:
        """Say what to do where nobody provides the chosen adapter; a variable is named with the prefix, as above."""
        words = self.added_by.get(self.provider)
        add = f"add it with `arckode {words}`" if words else "let it `kernel.provide` yours"
        missing = f"{self._chooses(prefix)} is '{self.provider}', and the composition root provides no such adapter"
        return f"{missing} for the {type(self).__name__}; {add}, or choose another"

    def _chooses(self, prefix: str) -> str:
        return self.variables.get("provider", f"{prefix}PROVIDER")


class RateLimitSettings(PortSettings):
    """How often one address may ask, and where that is counted. In memory, each process counts for itself."""

    fit_in_memory: ClassVar[bool] = True  # a restart forgives everybody
    added_by: ClassVar[Mapping[str, str]] = MappingProxyType({"redis": "make:adapter redis-limits"})

    provider: Literal["memory", "redis"] = "memory"
    per_client: str = Field(
        default="", description="Of one address for everything, such as 600/minute; none unless said."
    )
    url: SecretStr = Field(default=SecretStr("redis://127.0.0.1:6379/0"), description="redis://, rediss:// or unix://")
    connections: int = Field(default=20, ge=1, description="Open at once; who wants one more waits.")
    timeout: float = Field(default=0.5, gt=0, description="Seconds for a connection, and for an answer.")

    @field_validator("per_client")
    @classmethod
    def _is_a_rate(cls, value: str) -> str:
        if value:
            read_rate(value)
        return value


class KernelSettings(BaseSettings):
    """The settings the kernel itself needs: from the environment first, then from `.env`. Secrets are SecretStr."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    app_name: str = "app"
    environment: Literal["development", "test", "production"] = "development"
    database_url: str = Field(default="sqlite:///./app.db", repr=False)
    database_pool_size: int = Field(default=10, ge=1)
    database_echo: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["auto", "console", "json"] = "auto"
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(default=(), description="With commas in between.")
    body_limit: int = Field(default=1024 * 1024, ge=0, description="Largest request body in bytes.")
    request_timeout: float = Field(default=30.0, gt=0, description="Seconds before a request is given up.")
    shutdown_timeout: float = Field(default=10.0, gt=0, description="Seconds each stop hook may take.")
    health_timeout: float = Field(default=1.0, gt=0, description="Seconds a readiness probe may take.")
    shutdown_delay: float = Field(
        default=0.0, ge=0, description="Seconds between not being ready any more and taking no more requests."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Addresses or networks whose X-Forwarded-For is believed, with commas in between."
    )
    compression: bool = Field(default=True, description="Answer in gzip who accepts it.")
    compression_minimum: int = Field(default=1024, ge=0, description="Smallest answer in bytes worth compressing.")
    rate_limits: RateLimitSettings = RateLimitSettings()
    static_folder: Path | None = Field(
        default=None, description="A folder of files to serve, such as a built front end."
    )
    static_path: str = Field(default="/static", description="Where they are served; / for a front end.")
    schema_sync: bool = Field(default=False, description="Create tables and add columns at the start; development.")
    allow_schema_sync: bool = Field(default=False, description="Let production sync its schema all the same.")
    docs: bool | None = Field(default=None, description="Serve /docs; unless said, everywhere but in production.")

    @field_validator("database_url")
    @classmethod
    def _names_a_supported_database(cls, value: str) -> str:
        extra = missing_extra(async_url(value))
        if extra:
            raise ValueError(f'the driver of this database is not installed; run pip install ".[{extra}]"')
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            try:
                ip_network(word, strict=False)
            except ValueError:
                raise ValueError(f"'{word}' is neither an address nor a network such as 10.0.0.0/8") from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            if word != "*" and _ORIGIN.fullmatch(word) is None:
                raise ValueError(
                    f"'{word}' is no origin; write scheme and host without a path: https://app.example.com"
                )
        return value

    @field_validator("static_folder")
    @classmethod
    def _is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"there is no folder {value}; build what it serves, or leave STATIC_FOLDER out")
        return value

    @field_validator("static_path")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        if not value.startswith("/") or (value != "/" and value.endswith("/")):
            raise ValueError("write a path such as /static, or / alone")
        return value

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _production_says_where_its_data_is(self) -> Self:
        if self.production and "database_url" not in self.model_fields_set:
            raise ValueError("DATABASE_URL or DB_HOST must be set in production, or a restart could lose the data")
        return self

    @model_validator(mode="after")
    def _production_is_migrated(self) -> Self:
        if self.production and self.schema_sync and not self.allow_schema_sync:
            raise ValueError(
                "SCHEMA_SYNC is for development; in production run `arckode db:migrate` "
                "(ALLOW_SCHEMA_SYNC=1 says otherwise)"
            )
        return self

    @model_validator(mode="after")
    def _parts_are_fit_for_production(self) -> Self:
        for name, settings in self if self.production else ():
            part = settings if isinstance(settings, PartSettings) else None
            if part is not None and (problem := part.production_problem(f"{name.upper()}__")):
                raise ValueError(problem)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the other names of variables, too, each right after the source that it stands in, and DB_HOST last."""
        said = (
            env_settings,
            OtherNames(settings_cls, env_settings),
            dotenv_settings,
            OtherNames(settings_cls, dotenv_settings),
        )
        parts = DatabaseParts(settings_cls, env_settings, dotenv_settings)
        return (init_settings, *said, file_secret_settings, parts)

    @classmethod
    def load(cls) -> Self:
        """Read the settings; a wrong one ends the program with a line that names it instead of a traceback."""
        try:
            return cls()
        except ValidationError as error:
            lines = [_line(cls, found["loc"], _problem(cls, found)) for found in error.errors()]
            raise SystemExit("\n".join(dict.fromkeys(lines))) from None  # several parts read some of the variables
        except SettingsError as error:
            raise SystemExit(f"settings: {error}") from None

    @classmethod
    def for_tests(cls, **changes: object) -> Self:
        """Answer settings for a test: what this machine's `.env` says must not decide whether a test sends a mail."""
        options: dict[str, Any] = {"_env_file": None, "environment": "test", **changes}
        return cls(**options)

    def ports(self) -> dict[str, PortSettings]:
        """Answer the settings of each port by the name of their attribute."""
        return {name: value for name, value in self if isinstance(value, PortSettings)}

    def of(self, kind: type[P]) -> P:
        """Answer the settings of one part. Raises WiringError when the class `Settings` has no such attribute."""
        for _, value in self:
            if isinstance(value, kind):
                return value
        raise WiringError(f"Settings has no {kind.__name__}; add an attribute of that type, with `{kind.__name__}()`")

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def json_logs(self) -> bool:
        return self.log_format == "json" or (self.log_format == "auto" and self.production)

    @property
    def serves_docs(self) -> bool:
        return not self.production if self.docs is None else self.docs


class OtherNames(PydanticBaseSettingsSource):
    """What a source says under the other names that settings know by `variables`: EVENT_STORE_PROVIDER."""

    def __init__(self, settings_cls: type[BaseSettings], source: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._said = source.env_vars if isinstance(source, EnvSettingsSource) else {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Answer what is said of a port, its attribute, and that it is no JSON."""
        names = _other_names(field.annotation)
        return {part: self._said[name] for part, name in names.items() if self._said.get(name)}, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: said for name, said in found.items() if said}


class DatabaseParts(PydanticBaseSettingsSource):
    """DATABASE_URL where nothing says it, made of DB_HOST, DB_NAME and what else platforms set one by one."""

    def __init__(self, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        said = [source.env_vars for source in reversed(sources) if isinstance(source, EnvSettingsSource)]
        self._said = {name.upper(): value for each in said for name, value in each.items() if value is not None}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Answer the URL, empty without DB_HOST. Raises SettingsError for a part that is wrong or missing."""
        try:
            return composed_url(self._said), field.alias or field_name, False
        except ValueError as error:
            raise SettingsError(str(error)) from None

    def __call__(self) -> dict[str, Any]:
        if "database_url" in self.current_state:
            return {}
        url = self.get_field_value(self.settings_cls.model_fields["database_url"], "database_url")[0]
        return {"database_url": url} if url else {}


def _other_names(kind: object) -> dict[str, str]:
    """Answer the other names of a part's variables in small letters, as the sources have them."""
    if not (isinstance(kind, type) and issubclass(kind, PartSettings)):
        return {}
    return {part: name.lower() for part, name in kind.variables.items()}


def _problem(settings: type[BaseSettings], found: ErrorDetails) -> str:
    """Say what is wrong with a value; of all values, only one that had to be one of a few words may be shown."""
    if found["type"] == "extra_forbidden":
        return _no_such(settings, found["loc"])
    if found["type"] == "literal_error":
        return f"{found['input']!r} is unknown; choose {found['ctx']['expected']}"
    return found["msg"].removeprefix("Value error, ")


def _no_such(settings: type[BaseSettings], place: tuple[int | str, ...]) -> str:
    """Say that a part has no such setting, and which is the nearest: CACHE__URI for CACHE__URL."""
    *parts, name = (str(each).upper() for each in place)
    field = settings.model_fields.get(str(place[0]))
    kind = field.annotation if field is not None and len(place) == 2 else None
    known = kind.model_fields if isinstance(kind, type) and issubclass(kind, BaseModel) else ()
    return f"{'__'.join(parts)} has no {name}{suggestion(name, (each.upper() for each in known))}"


def _line(settings: type[BaseSettings], place: tuple[int | str, ...], message: str) -> str:
    name = "__".join(str(part).upper() for part in place) or "settings"
    field = settings.model_fields.get(str(place[0])) if len(place) == 2 else None
    name = _other_names(field.annotation).get(str(place[1]), name).upper() if field else name
    return f"{name}: {message}"
