"""Everything that differs between environments, read once at the start and checked before anything runs."""

from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .database_url import async_url


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
    cors_origins: tuple[str, ...] = ()
    body_limit: int = Field(default=1024 * 1024, ge=0, description="Largest request body in bytes.")
    request_timeout: float = Field(default=30.0, gt=0, description="Seconds before a request is given up.")
    shutdown_timeout: float = Field(default=10.0, gt=0, description="Seconds each stop hook may take.")
    health_timeout: float = Field(default=1.0, gt=0, description="Seconds a readiness probe may take.")
    docs: bool | None = Field(default=None, description="Serve /docs; unless said, everywhere but in production.")

    @field_validator("database_url")
    @classmethod
    def _names_a_supported_database(cls, value: str) -> str:
        async_url(value)
        return value

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def json_logs(self) -> bool:
        return self.log_format == "json" or (self.log_format == "auto" and self.production)

    @property
    def serves_docs(self) -> bool:
        return not self.production if self.docs is None else self.docs
