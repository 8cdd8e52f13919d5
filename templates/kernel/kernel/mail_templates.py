"""Mails from templates: `welcome.subject.txt`, `welcome.txt` and, where there is one, `welcome.html`."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, UndefinedError, select_autoescape

from .errors import ProgrammingError
from .mail import Message


class MailTemplates:
    """Renders the mails of a folder with Jinja; values are escaped in HTML, and one that is missing is an error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def message(self, name: str, to: str | tuple[str, ...], /, **values: object) -> Message:
        """Write one mail.

        Raises ProgrammingError without such a template or one of its values, and ValidationError as Message does.
        """
        html = self._render(f"{name}.html", values) if (self._folder / f"{name}.html").is_file() else None
        subject, text = (self._render(f"{name}.{ending}", values) for ending in ("subject.txt", "txt"))
        return Message(to, subject.strip(), text, html)

    def _render(self, file: str, values: Mapping[str, object]) -> str:
        try:
            return self._environment.get_template(file).render(values)
        except TemplateNotFound as error:
            raise ProgrammingError(f"there is no template {error.name} in {self._folder}") from error
        except UndefinedError as error:
            raise ProgrammingError(f"the template {file}: {error.message}") from error
