"""Mails from templates: `welcome.subject.txt`, `welcome.txt` and, where there is one, `welcome.html`."""

from pathlib import Path

from .mail import Message
from .text_templates import TextTemplates


class MailTemplates:
    """Renders the mails of a folder with Jinja; values are escaped in HTML, and one that is missing is an error."""

    def __init__(self, folder: Path) -> None:
        self._texts = TextTemplates(folder)

    def message(self, name: str, to: str | tuple[str, ...], /, **values: object) -> Message:
        """Write one mail.

        Raises ProgrammingError without such a template or one of its values, and ValidationError as Message does.
        """
        html = self._texts.render(f"{name}.html", values) if self._texts.has(f"{name}.html") else None
        subject, text = (self._texts.render(f"{name}.{ending}", values) for ending in ("subject.txt", "txt"))
        return Message(to, subject.strip(), text, html)
