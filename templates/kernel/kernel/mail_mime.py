"""A message as it travels (RFC 5322, MIME)."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from .mail import Message, parse_address
from .request_context import current_cause, current_correlation_id, current_trace


def as_email(message: Message, sender: Address, now: datetime) -> EmailMessage:
    """Write a message with what every mail needs, and what it belongs to, so that a log can be followed to it."""
    email = EmailMessage(policy=SMTP)
    email["From"] = sender
    email["To"] = message.recipients
    email["Subject"] = message.subject
    email["Date"] = format_datetime(now)
    email["Message-ID"] = make_msgid(domain=sender.domain)
    if message.reply_to is not None:
        email["Reply-To"] = parse_address(message.reply_to)
    trace = current_trace()
    belongs = {
        "X-Correlation-ID": current_correlation_id(),
        "X-Causation-ID": current_cause(),
        "Traceparent": None if trace is None else trace.header,
    }
    for name, value in belongs.items():
        if value is not None:
            email[name] = value
    for name, value in message.headers.items():
        email[name] = value
    email.set_content(message.text)
    if message.html is not None:
        email.add_alternative(message.html, subtype="html")
    return email
