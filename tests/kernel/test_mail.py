"""Messages are checked when they are made; SMTP is proven against a real server, with and without TLS."""

from __future__ import annotations

import asyncio
import ssl
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Protocol, cast

import pytest
from pydantic import SecretStr
from pydantic import ValidationError as SettingsError

from kernel.app import Kernel
from kernel.clock import FixedClock
from kernel.errors import ProgrammingError, UnavailableError, ValidationError
from kernel.mail import MAIL, MailRefusedError, MailSettings, Message, parse_address
from kernel.mail_memory import MemoryMail
from kernel.mail_mime import as_email
from kernel.mail_smtp import SmtpMail, provide_smtp_mail
from kernel.mail_templates import MailTemplates
from kernel.request_context import correlation_id
from kernel.settings import KernelSettings
from kernel.testing import client
from tests.kernel.backends import START
from tests.kernel.mail_server import Inbox, smtp_server, write_certificate

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from email.message import EmailMessage
    from pathlib import Path

    from kernel.mail import Mail

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]
SENDER = "Shop <shop@example.com>"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


def smtp(inbox: Inbox, **changes: object) -> SmtpMail:
    said = {"provider": "smtp", "port": inbox.port, "tls": "none", "sender": SENDER, **changes}
    return SmtpMail(MailSettings.model_validate(said), FixedClock(START))


class Post(Protocol):
    """A way of sending, and what came out at the other end."""

    @property
    def mail(self) -> Mail: ...

    def arrived(self) -> list[EmailMessage]: ...


class MemoryPost:
    def __init__(self) -> None:
        self.mail = MemoryMail()

    def arrived(self) -> list[EmailMessage]:
        sent = [as_email(each, parse_address(SENDER), START) for each in self.mail.sent]
        return [message_from_bytes(each.as_bytes(), policy=policy.default) for each in sent]


class SmtpPost:
    def __init__(self, inbox: Inbox) -> None:
        self.mail = smtp(inbox)
        self.inbox = inbox

    def arrived(self) -> list[EmailMessage]:
        return self.inbox.messages


@pytest.fixture(params=["memory", "smtp"])
async def post(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncGenerator[Post]:
    """Every implementation in turn."""
    if request.param == "memory":
        yield MemoryPost()
        return
    async with smtp_server() as inbox:
        yield SmtpPost(inbox)


async def test_a_message_arrives_as_it_was_written(post: Post) -> None:
    text = "Dear Ada,\n\nyour order of 3 boxes of tea ☕ is on its way.\n.\nFrom us\n"
    await post.mail.send(
        Message(
            ("Ada Lövelace <ada@example.com>", "b@example.com"),
            "Grüße aus dem Laden",
            text,
            reply_to="help@example.com",
            headers={"List-Unsubscribe": "<https://shop.example/stop>"},
        )
    )
    (found,) = post.arrived()
    assert (found["From"], found["Subject"]) == ("Shop <shop@example.com>", "Grüße aus dem Laden")
    assert [each.display_name for each in found["To"].addresses] == ["Ada Lövelace", ""]
    assert [each.addr_spec for each in found["To"].addresses] == ["ada@example.com", "b@example.com"]
    assert found["Reply-To"] == "help@example.com"
    assert found["List-Unsubscribe"] == "<https://shop.example/stop>"
    assert found["Date"].datetime == START.replace(microsecond=0)
    assert found["Message-ID"].endswith("@example.com>")
    assert found.get_content_type() == "text/plain"
    assert cast("str", found.get_content()).replace("\r\n", "\n") == text


async def test_html_comes_with_its_text(post: Post) -> None:
    await post.mail.send(Message("ada@example.com", "Hello", "Hello", "<p>Hellö</p>"))
    (found,) = post.arrived()
    assert found.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
    html = found.get_body(("html",))
    assert html is not None
    assert cast("str", html.get_content()).strip() == "<p>Hellö</p>"


async def test_a_long_subject_and_long_lines_survive(post: Post) -> None:
    subject, text = "ä sentence of many words " * 12 + "end", "x" * 3000
    await post.mail.send(Message("ada@example.com", subject, text))
    (found,) = post.arrived()
    assert found["Subject"] == subject
    assert cast("str", found.get_content()).strip() == text


async def test_a_domain_in_other_letters_is_written_for_the_network(post: Post) -> None:
    await post.mail.send(Message("ada@bücher.example", "Hello", "Hello"))
    assert post.arrived()[0]["To"] == "ada@xn--bcher-kva.example"


async def test_the_correlation_goes_along() -> None:
    async with smtp_server() as inbox:
        token = correlation_id.set("request-7")
        try:
            await smtp(inbox).send(Message("ada@example.com", "Hello", "Hello"))
        finally:
            correlation_id.reset(token)
        await smtp(inbox).send(Message("ada@example.com", "Hello", "Hello"))
    assert [each["X-Correlation-ID"] for each in inbox.messages] == ["request-7", None]


async def test_many_messages_at_once_all_arrive(post: Post) -> None:
    await asyncio.gather(*(post.mail.send(Message("ada@example.com", f"Number {n}", "x")) for n in range(20)))
    assert sorted(each["Subject"] for each in post.arrived()) == sorted(f"Number {n}" for n in range(20))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example.com, eve@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "Ada\nBcc: eve@example.com <ada@example.com>",
        "ada@exam ple.com",
        "ada@straße.example",  # IDNA 2003 makes strasse of it, which is somebody else
        "josé@example.com",
        "<ada@example.com",
        "ada@example..com",
        "a" * 250 + "@example.com",
        "ada@example.com\x00",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Message(address, "Hello", "Hello").recipients  # noqa: B018  recipients are read when it is made
    assert refused.value.fields == {"to": "is not a mail address"}
    assert (refused.value.status, "eve" in str(refused.value)) == (422, False)


@pytest.mark.parametrize(
    ("subject", "headers", "fields"),
    [
        ("Hello\r\nBcc: eve@example.com", {}, {"subject": "holds a line break or a control character"}),
        ("Hello\nthere", {}, {"subject": "holds a line break or a control character"}),
        ("Hello\x00", {}, {"subject": "holds a line break or a control character"}),
        ("Hello", {"X-Tag": "a\r\nBcc: eve@x.y"}, {"headers": "holds a line break or a control character"}),
        ("Hello", {"X-Tag: a\r\nBcc": "eve@x.y"}, {"headers": "is not the name of a header"}),
        ("Hello", {"": "x"}, {"headers": "is not the name of a header"}),
        ("Hello", {"bCc": "eve@x.y"}, {"headers": "is written by the mail itself"}),
        ("Hello", {"From": "eve@x.y"}, {"headers": "is written by the mail itself"}),
    ],
)
def test_a_header_cannot_be_smuggled_in(subject: str, headers: Mapping[str, str], fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        Message("ada@example.com", subject, "Hello", headers=headers)
    assert refused.value.fields == fields


def test_a_message_needs_a_recipient_and_a_right_reply() -> None:
    with pytest.raises(ValidationError, match="needs a recipient"):
        Message((), "Hello", "Hello")
    with pytest.raises(ValidationError) as refused:
        Message("ada@example.com", "Hello", "Hello", reply_to="nobody")
    assert refused.value.fields == {"reply_to": "is not a mail address"}


async def test_memory_tells_what_was_sent_to_whom() -> None:
    mail = MemoryMail()
    hello, bye = Message("Ada <ada@example.com>", "Hello", "x"), Message("eve@example.com", "Bye", "x")
    await mail.send(hello)
    await mail.send(bye)
    assert mail.sent == [hello, bye]
    assert mail.to("ada@example.com") == [hello]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_tls_and_a_password(certificate: Path, tls: str) -> None:
    async with smtp_server(tls=tls, certificate=certificate, password=True) as inbox:
        known = {"host": "localhost", "tls": tls, "ca_file": certificate, "username": "shop"}
        mail = smtp(inbox, **known, password="open sesame")
        await mail.ping()
        await mail.send(Message("ada@example.com", "Hello", "Hello"))
        assert (inbox.over_tls, inbox.logins) == ([True], ["shop"])
        with pytest.raises(UnavailableError, match="The mail server does not answer"):
            await smtp(inbox, **known, password="guess").send(Message("ada@example.com", "Hello", "Hello"))
        assert len(inbox.envelopes) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path, tls: str) -> None:
    async with smtp_server(tls=tls, certificate=certificate) as inbox:
        for changes in ({"host": "localhost"}, {"host": "127.0.0.1", "ca_file": certificate}):
            mail = smtp(inbox, tls=tls, **changes)
            with pytest.raises(UnavailableError):
                await mail.send(Message("ada@example.com", "Hello", "Hello"))
            with pytest.raises(UnavailableError, match="the mail server does not answer"):
                await mail.ping()
        assert inbox.envelopes == []


async def test_a_server_without_tls_gets_nothing_when_tls_is_asked_for() -> None:
    async with smtp_server() as inbox:
        with pytest.raises(UnavailableError):
            await smtp(inbox, tls="starttls").send(Message("ada@example.com", "Hello", "Hello"))
        assert inbox.envelopes == []


async def test_a_server_that_is_away_can_be_asked_again_later() -> None:
    mail = smtp(Inbox(port=1))
    with pytest.raises(UnavailableError) as away:
        await mail.send(Message("ada@example.com", "Hello", "Hello"))
    assert (away.value.status, away.value.code) == (503, "mail_unavailable")
    with pytest.raises(UnavailableError):
        await mail.ping()


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    over = asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        mail = smtp(Inbox(port=server.sockets[0].getsockname()[1]), timeout=0.05)
        with pytest.raises(UnavailableError):
            await mail.send(Message("ada@example.com", "Hello", "Hello"))
    finally:
        over.set()
        server.close()


@pytest.mark.parametrize(
    ("refused", "answer", "error", "arrived"),
    [
        ({}, "554 looks like spam", MailRefusedError, 0),
        ({}, "451 try again later", UnavailableError, 0),
        ({"ada@example.com": "550 no such user"}, "250 taken", MailRefusedError, 1),
        ({"ada@example.com": "550 no", "b@example.com": "553 no"}, "250 taken", MailRefusedError, 0),
        ({"ada@example.com": "450 busy", "b@example.com": "550 no"}, "250 taken", UnavailableError, 0),
    ],
    ids=["spam", "greylisted", "one of two", "both, for good", "one of them for now"],
)
async def test_what_the_server_says_decides(
    refused: dict[str, str], answer: str, error: type[Exception], arrived: int
) -> None:
    async with smtp_server() as inbox:
        inbox.refused, inbox.answer = refused, answer
        with pytest.raises(error):
            await smtp(inbox).send(Message(("ada@example.com", "b@example.com"), "Hello", "Hello"))
        assert len(inbox.envelopes) == arrived


@pytest.mark.parametrize(
    ("command", "answer", "error"),
    [
        ("greeting", "554 no service for you", UnavailableError),
        ("EHLO", "550 not with that name", UnavailableError),
        ("MAIL", "530 authentication required", UnavailableError),
        ("MAIL", "451 try again later", UnavailableError),
        ("MAIL", "553 not from that sender", MailRefusedError),
    ],
)
async def test_only_what_is_the_message_s_fault_is_for_good(command: str, answer: str, error: type[Exception]) -> None:
    async with smtp_server() as inbox:
        inbox.instead = {command: answer}
        with pytest.raises(error):
            await smtp(inbox).send(Message("ada@example.com", "Hello", "Hello"))
        assert inbox.envelopes == []


def test_templates_escape_where_they_must(tmp_path: Path) -> None:
    (tmp_path / "welcome.subject.txt").write_text("Welcome, {{ name }}\n")
    (tmp_path / "welcome.txt").write_text("Hello {{ name }}\n")
    (tmp_path / "welcome.html").write_text("<p>Hello {{ name }}</p>\n")
    (tmp_path / "bye.subject.txt").write_text("Bye")
    (tmp_path / "bye.txt").write_text("Bye {{ nmae }}")
    templates = MailTemplates(tmp_path)
    message = templates.message("welcome", "ada@example.com", name="<b>Ada & Co</b>")
    assert message.subject == "Welcome, <b>Ada & Co</b>"
    assert message.text == "Hello <b>Ada & Co</b>"
    assert message.html == "<p>Hello &lt;b&gt;Ada &amp; Co&lt;/b&gt;</p>"
    with pytest.raises(ValidationError):
        templates.message("welcome", "ada@example.com", name="Ada\r\nBcc: eve@example.com")
    with pytest.raises(ProgrammingError, match=r"there is no template goodbye\.subject\.txt in "):
        templates.message("goodbye", "ada@example.com")
    with pytest.raises(ProgrammingError, match=r"the template bye\.txt: 'nmae' is undefined"):
        templates.message("bye", "ada@example.com", name="Ada")


class Settings(KernelSettings):
    mail: MailSettings = MailSettings()


async def test_the_settings_choose() -> None:
    memory = Kernel(Settings.for_tests(database_url="sqlite://"))
    provide_smtp_mail(memory)
    assert isinstance(memory.adapter(MAIL), MemoryMail)
    async with smtp_server() as inbox:
        settings = MailSettings(provider="smtp", port=inbox.port, tls="none")
        real = Kernel(Settings.for_tests(database_url="sqlite://", mail=settings))
        provide_smtp_mail(real)
        async with client(real) as http:
            assert (await http.get("/health/ready")).json()["checks"]["mail"]["status"] == "ok"
            await real.adapter(MAIL).send(Message("ada@example.com", "Hello", "Hello"))
        assert inbox.messages[0]["From"] == "app@localhost"


async def test_without_its_mail_server_the_application_is_degraded() -> None:
    settings = MailSettings(provider="smtp", port=1, tls="none")
    kernel = Kernel(Settings.for_tests(database_url="sqlite://", mail=settings))
    provide_smtp_mail(kernel)
    async with client(kernel) as http:
        answer = await http.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"sender": "nobody"}, "This is not a mail address"),
        ({"tls": "ssl"}, "Input should be 'none', 'starttls' or 'tls'"),
        ({"provider": "smpt"}, "Input should be 'memory' or 'smtp'"),
        ({"port": "0"}, "greater than or equal to 1"),
        ({"tls": "none", "username": "u", "host": "mail.example.com"}, "would cross the network in the clear"),
        ({"smtp_host": "mail.example.com"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(said: dict[str, object], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        MailSettings.model_validate({"provider": "smtp", **said})


def test_settings_do_not_show_the_password() -> None:
    assert "secret" not in repr(MailSettings(password=SecretStr("secret")))


def test_a_certificate_file_that_is_none_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    with pytest.raises(ssl.SSLError):
        smtp(Inbox(port=25), ca_file=file)
