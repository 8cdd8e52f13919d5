"""A real SMTP server for tests (aiosmtpd): it may demand TLS and a password, and refuse whom it does not like."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, AnyStr

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import Envelope, LoginPassword, Session


@dataclass(slots=True)
class Inbox:
    """What arrived, and how the server answers."""

    host: str = "127.0.0.1"
    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    answer: str = "250 taken"
    instead: dict[str, str] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    only_tls: bool = False

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  as above
        if self.answer.startswith("250"):
            self.envelopes.append(envelope)
            self.over_tls.append(self.only_tls or session.ssl is not None)
        return self.answer

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"open sesame", handled=False)

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(each.content or b"", policy=policy.default) for each in self.envelopes]  # type: ignore[arg-type]  # str only when the server decodes


class _Server(SMTP):
    """Answers the commands in `instead`, of which the greeting is one, with what stands there."""

    async def push(self, status: AnyStr) -> None:
        greeting: str | None = self.event_handler.instead.get("greeting")
        if greeting and isinstance(status, str) and status.startswith("220 mail.test"):
            await super().push(greeting)
        else:
            await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802  aiosmtpd's name
        said = self.event_handler.instead.get("EHLO")
        await (self.push(said) if said else super().smtp_EHLO(hostname))

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802  as above
        said = self.event_handler.instead.get("EHLO")
        await (self.push(said) if said else super().smtp_HELO(hostname))

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802  as above
        said = self.event_handler.instead.get("MAIL")
        await (self.push(said) if said else super().smtp_MAIL(arg))


@asynccontextmanager
async def smtp_server(
    *, tls: str = "none", certificate: Path | None = None, password: bool = False
) -> AsyncGenerator[Inbox]:
    """Serve on a free port until the block ends."""
    inbox = Inbox(only_tls=tls == "tls")
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()

    def connected() -> SMTP:
        return _Server(
            inbox,
            hostname="mail.test",
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            authenticator=inbox.authenticate if password else None,
            auth_required=password,
            auth_require_tls=False,
            enable_SMTPUTF8=False,
            loop=loop,
        )

    server = await loop.create_server(connected, inbox.host, 0, ssl=context if tls == "tls" else None)
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        server.close()


def write_certificate(path: Path, name: str = "localhost") -> Path:
    """Write a key and a certificate that signs itself, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(pem, private, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(pem))
    return path
