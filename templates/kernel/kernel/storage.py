"""Files: kept under a key, read as a stream, and shown to the world through links that expire."""

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final, Literal, Protocol, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from .ports import AdapterPort
from .settings import PortSettings
from .storage_memory import MemoryStorage
from .storage_values import StoredFile

_SHORTEST_SECRET = 32
Content = bytes | AsyncIterable[bytes]


class StorageSettings(PortSettings):
    """Where files are kept."""

    added_by: ClassVar[Mapping[str, str]] = MappingProxyType({"local": "make:adapter local", "s3": "make:adapter s3"})

    provider: Literal["memory", "local", "s3"] = "memory"
    folder: Path = Field(default=Path("storage"), description="local: the folder, on a disk that stays.")
    secret: SecretStr | None = Field(default=None, description="local: signs the links; the same for every process.")
    public_url: str = Field(default="", description="local: what stands before /storage in a link.")
    bucket: str = Field(default="", description="s3: its name.")
    region: str = "us-east-1"
    endpoint: str = Field(default="", description="s3: of another service than Amazon's, such as http://minio:9000.")
    access_key_id: str = Field(default="", description="s3: unless said, as AWS_ACCESS_KEY_ID or the machine says.")
    secret_access_key: SecretStr = SecretStr("")
    timeout: float = Field(default=10.0, gt=0, description="s3: seconds for a connection and for each read.")

    @field_validator("secret")
    @classmethod
    def _cannot_be_guessed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and 0 < len(value.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError(f"the secret of the links needs at least {_SHORTEST_SECRET} characters")
        return value if value and value.get_secret_value() else None

    @model_validator(mode="after")
    def _names_its_bucket(self) -> Self:
        if self.provider == "s3" and not self.bucket:
            raise ValueError("s3 needs a BUCKET")
        if bool(self.access_key_id) is not bool(self.secret_access_key.get_secret_value()):
            raise ValueError("ACCESS_KEY_ID and SECRET_ACCESS_KEY go together")
        return self

    def production_problem(self, prefix: str) -> str | None:
        if self.provider == "local" and self.secret is None:
            return f"{prefix}SECRET must be set, or links end with the process and no other process knows them"
        return super().production_problem(prefix)


class Storage(Protocol):
    """Keeps files. A key is a path of letters, digits and `._-`, such as `avatars/018f.png`; make it, do not take it
    from the outside. Raises ValidationError for another key, and UnavailableError when the storage does not answer.
    """

    async def put(
        self, key: str, content: Content, *, content_type: str = "application/octet-stream", limit: int | None = None
    ) -> StoredFile:
        """Keep a file whole or not at all, in place of one that is there.

        Raises TooLargeError as soon as there are more than `limit` bytes, and whatever a stream raises.
        """
        ...

    async def get(self, key: str) -> bytes:
        """Answer a whole file that is known to be small. Raises NotFoundError."""
        ...

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """Answer a file in pieces. Raises NotFoundError, before the first piece."""
        ...

    async def info(self, key: str) -> StoredFile:
        """Answer what is known about a file. Raises NotFoundError."""
        ...

    async def exists(self, key: str) -> bool: ...

    async def delete(self, *keys: str) -> None:
        """Remove files; those that are not there are no mistake."""
        ...

    def keys(self, folder: str = "") -> AsyncIterator[str]:
        """Go through the keys, all or those below a folder, in no order that could be counted on."""
        ...

    async def url(self, key: str, *, expires: float = 3600) -> str:
        """Answer a link that shows the file to whoever has it, for some seconds, at most seven days.

        It is made without asking whether the file is there. Raises ProgrammingError for another time.
        """
        ...


STORAGE: Final[AdapterPort[Storage]] = AdapterPort(StorageSettings, MemoryStorage)
