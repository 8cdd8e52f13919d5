"""Mail over SMTP, one connection a message."""

import ssl
from typing import TypedDict

import aiosmtplib
import structlog

from .app import Kernel
from .clock import Clock
from .errors import UnavailableError
from .mail import MAIL, MailRefusedError, MailSettings, Message, parse_address
from .mail_mime import as_email

_PORTS = {"none": 25, "starttls": 587, "tls": 465}
_PERMANENT = 500
_WANTS_A_LOGIN = 530
logger = structlog.get_logger("mail")


class _Connection(TypedDict):
    hostname: str
    port: int
    timeout: float
    use_tls: bool
    start_tls: bool
    tls_context: ssl.SSLContext


def provide_smtp_mail(kernel: Kernel) -> None:
    """Send mail over SMTP when MAIL__PROVIDER says smtp."""
    settings = kernel.settings.of(MailSettings)
    if settings.provider != "smtp":
        return
    mail = SmtpMail(settings, kernel.clock)
    kernel.provide(MAIL, mail)
    kernel.add_probe("mail", mail.ping, optional=True)


class SmtpMail:
    """Implements Mail. The server's certificate is checked, and TLS that was asked for is never given up."""

    def __init__(self, settings: MailSettings, clock: Clock) -> None:
        self._clock = clock
        self._sender = parse_address(settings.sender)
        self._username = settings.username or None
        self._password = settings.password.get_secret_value() or None
        self._connection = _Connection(
            hostname=settings.host,
            port=settings.port or _PORTS[settings.tls],
            timeout=settings.timeout,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=ssl.create_default_context(cafile=settings.ca_file),
        )

    async def send(self, message: Message) -> None:
        email = as_email(message, self._sender, self._clock.now())
        recipients = [address.addr_spec for address in message.recipients]
        try:
            refused, _ = await aiosmtplib.send(
                email,
                sender=self._sender.addr_spec,
                recipients=recipients,
                username=self._username,
                password=self._password,
                **self._connection,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            logger.warning("a mail was not sent", error=f"{type(error).__name__}: {error}")
            if _is_permanent(error):
                raise MailRefusedError("The mail server refused the message.") from error
            raise UnavailableError("The mail server does not answer.", code="mail_unavailable") from error
        if refused:
            logger.warning("a mail was refused for some", recipients=len(refused), of=len(recipients))
            raise MailRefusedError(f"The mail server refused {len(refused)} of {len(recipients)} recipients.")

    async def ping(self) -> None:
        """Raise UnavailableError unless the server greets us and, where TLS is asked for, proves who it is."""
        try:
            async with aiosmtplib.SMTP(**self._connection) as server:
                await server.noop()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise UnavailableError(f"the mail server does not answer: {type(error).__name__}") from error


def _is_permanent(error: Exception) -> bool:
    """Say whether the message itself is refused: its recipients, sender or content, not the connection or us."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return all(_is_permanent(each) for each in error.recipients)
        case aiosmtplib.SMTPRecipientRefused() | aiosmtplib.SMTPSenderRefused() | aiosmtplib.SMTPDataError():
            return error.code >= _PERMANENT and error.code != _WANTS_A_LOGIN
    return isinstance(error, aiosmtplib.SMTPNotSupported)
