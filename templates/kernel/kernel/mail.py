"""Mail: a message is checked when it is made, and sent through whatever the settings choose."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final, Literal, Protocol, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from .errors import AppError, ValidationError
from .mail_memory import MemoryMail
from .ports import AdapterPort
from .settings import PortSettings

_NAMED = re.compile(r"(?P<name>[^<>]*?)\s*<(?P<address>[^<>\s]+)>")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
_OURS = re.compile(
    "bcc|cc|content-.*|date|from|message-id|mime-version|received|reply-to|resent-.*|return-path|sender|subject|to"
)
_BROKEN = "holds a line break or a control character"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class MailSettings(PortSettings):
    """How mail leaves."""

    added_by: ClassVar[Mapping[str, str]] = MappingProxyType({"smtp": "make:adapter smtp"})

    provider: Literal["memory", "smtp"] = "memory"
    sender: str = Field(default="app@localhost", description="From whom, such as `Shop <shop@example.com>`.")
    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65535, description="Unless said: 25, 587 or 465, by `tls`.")
    tls: Literal["none", "starttls", "tls"] = "starttls"
    ca_file: Path | None = Field(default=None, description="A certificate authority of your own, as PEM.")
    username: str = ""
    password: SecretStr = SecretStr("")
    timeout: float = Field(default=10.0, gt=0, description="Seconds for each step of the conversation.")

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            parse_address(value)
        except ValidationError as error:
            raise ValueError(error.message) from None
        return value

    @model_validator(mode="after")
    def _keeps_the_password_to_itself(self) -> Self:
        if self.username and self.tls == "none" and self.host not in _LOCAL:
            raise ValueError("the password would cross the network in the clear; set TLS to starttls or tls")
        return self


class MailRefusedError(AppError):
    """The mail server will not take this message, however often it is sent."""

    default_code = "mail_refused"
    default_status = HTTPStatus.BAD_GATEWAY


@dataclass(frozen=True, slots=True)
class Message:
    """One mail. Raises ValidationError when it is made with an address that is none, or a line break in a header."""

    to: str | tuple[str, ...]
    subject: str
    text: str
    html: str | None = None
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.recipients:
            raise ValidationError("A mail needs a recipient.", fields={"to": "is empty"})
        if _CONTROL.search(self.subject):
            raise ValidationError("The subject of the mail cannot be accepted.", fields={"subject": _BROKEN})
        for name, value in self.headers.items():
            _check_header(name, value)
        if self.reply_to is not None:
            parse_address(self.reply_to, field="reply_to")

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Answer the addresses it goes to."""
        listed = (self.to,) if isinstance(self.to, str) else self.to
        return tuple(parse_address(each) for each in listed)


class Mail(Protocol):
    """Sends messages."""

    async def send(self, message: Message) -> None:
        """Hand a message over to the server.

        Raises UnavailableError when trying again later may work, and MailRefusedError when it never will.
        """
        ...


MAIL: Final[AdapterPort[Mail]] = AdapterPort(MailSettings, lambda _clock: MemoryMail())


def parse_address(text: str, *, field: str = "to") -> Address:
    """Read `ada@example.com` or `Ada Lovelace <ada@example.com>`. Raises ValidationError, which names the field."""
    named = _NAMED.fullmatch(text.strip())
    name, plain = (named["name"], named["address"]) if named else ("", text.strip())
    address = None if _CONTROL.search(text) or len(plain) > _LONGEST_ADDRESS else _address(name, plain)
    if address is None:
        raise ValidationError("This is not a mail address.", fields={field: "is not a mail address"})
    return address


def _address(name: str, plain: str) -> Address | None:
    try:
        parsed = Address(name.strip().strip('"'), addr_spec=plain)
        domain = parsed.domain.encode("idna").decode("ascii")
    except (MessageError, ValueError, IndexError):
        return None
    # IDNA 2003 turns some letters into others, such as ß into ss: that would be the domain of somebody else.
    typed = unicodedata.normalize("NFC", parsed.domain.lower())
    if not typed.isascii() and domain.encode().decode("idna") != typed:
        return None
    # A name before the @ in other letters needs SMTPUTF8, which too few servers know to count on it.
    is_usable = parsed.username and parsed.username.isascii() and domain
    return Address(parsed.display_name, parsed.username, domain) if is_usable else None


def _check_header(name: str, value: str) -> None:
    problem = ""
    if not _HEADER.fullmatch(name):
        problem = "is not the name of a header"
    elif _OURS.fullmatch(name.lower()):
        problem = "is written by the mail itself"
    elif _CONTROL.search(value):
        problem = _BROKEN
    if problem:
        raise ValidationError("A header of the mail cannot be accepted.", fields={"headers": problem})
