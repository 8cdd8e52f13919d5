"""Where Redis is: host, port and the number of a database, as platforms say it, or one URL."""

from pydantic import Field, SecretStr, field_validator

from .settings import PortSettings


class RedisAddress(PortSettings):
    """Settings of a port behind which Redis can be."""

    redis_url: SecretStr | None = Field(default=None, description="Instead of host, port and number of the database.")
    redis_host: str = "127.0.0.1"
    redis_port: int = Field(default=6379, ge=1, le=65_535)
    redis_db: int = Field(default=0, ge=0)

    @field_validator("redis_port", mode="before")
    @classmethod
    def _of_a_platform(cls, value: object) -> object:
        """Take REDIS_PORT as Kubernetes sets it beside a service of that name: tcp://10.0.0.1:6379."""
        return value.rpartition(":")[2] if isinstance(value, str) and value.startswith("tcp://") else value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("write redis://host:6379/0, rediss:// for TLS, or unix://")
        return value

    @property
    def redis(self) -> SecretStr:
        """Answer where Redis is: the URL, else what host, port and number make."""
        return self.redis_url or SecretStr(f"redis://{self.redis_host}:{self.redis_port}/{self.redis_db}")
