"""Texts from templates of a folder, in Jinja: escaped in HTML only, and a value that is missing is an error."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, UndefinedError, select_autoescape

from .errors import ProgrammingError


class TextTemplates:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def has(self, file: str) -> bool:
        return (self._folder / file).is_file()

    def render(self, file: str, values: Mapping[str, object]) -> str:
        """Fill one template. Raises ProgrammingError when there is none, or without one of its values."""
        try:
            return self._environment.get_template(file).render(values)
        except TemplateNotFound as error:
            raise ProgrammingError(f"there is no template {error.name} in {self._folder}") from error
        except UndefinedError as error:
            raise ProgrammingError(f"the template {file}: {error.message}") from error
