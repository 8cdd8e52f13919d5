"""Everything that differs between environments, read once at the start and checked before anything runs."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from .database_url import async_url, missing_extra


class KernelSettings(BaseSettings):
    """The settings the kernel itself needs: from the environment first, then from `.env`. Secrets are SecretStr."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, hide_input_in_errors=True
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
    docs: bool | None = Field(default=None, description="Serve /docs; unless said, everywhere but in production.")

    @field_validator("database_url")
    @classmethod
    def _names_a_supported_database(cls, value: str) -> str:
        extra = missing_extra(async_url(value))
        if extra:
            raise ValueError(f'the driver of this database is not installed; run pip install ".[{extra}]"')
        return value

    @field_validator("cors_origins", mode="before")
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
            raise ValueError("DATABASE_URL must be set in production, or a restart could lose the data")
        return self

    @classmethod
    def load(cls) -> Self:
        """Read the settings; a wrong one ends the program with a line that names it instead of a traceback."""
        try:
            return cls()
        except ValidationError as error:
            raise SystemExit("\n".join(_line(found["loc"], found["msg"]) for found in error.errors())) from None
        except SettingsError as error:
            raise SystemExit(f"settings: {error}") from None

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def json_logs(self) -> bool:
        return self.log_format == "json" or (self.log_format == "auto" and self.production)

    @property
    def serves_docs(self) -> bool:
        return not self.production if self.docs is None else self.docs


def _line(place: tuple[int | str, ...], message: str) -> str:
    name = "_".join(str(part).upper() for part in place) or "settings"
    return f"{name}: {message.removeprefix('Value error, ')}"
