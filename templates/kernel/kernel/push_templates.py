"""Push notifications from templates: `order-shipped-push.title.txt` and `order-shipped-push.txt`."""

from collections.abc import Mapping
from pathlib import Path

from .push import PushMessage
from .text_templates import TextTemplates


class PushTemplates:
    """Renders the notifications of a folder with Jinja; a value that is missing is an error."""

    def __init__(self, folder: Path) -> None:
        self._texts = TextTemplates(folder)

    def message(self, name: str, to: str, /, *, data: Mapping[str, str] | None = None, **values: object) -> PushMessage:
        """Write one notification; `data` is for the app on the device.

        Raises ProgrammingError without such a template or one of its values, and ValidationError as PushMessage does.
        """
        title, body = (self._texts.render(f"{name}.{ending}", values).strip() for ending in ("title.txt", "txt"))
        return PushMessage(to, title, body, data or {})
