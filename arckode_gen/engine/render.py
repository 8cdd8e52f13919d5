"""Jinja as stubs use it: strict about undefined values, and with the layout functions that keep Python formatted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2

from arckode_gen.engine import layout, names
from arckode_gen.engine.plan import FileState
from arckode_gen.engine.python_code import quote
from arckode_gen.errors import CrashError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from arckode_gen.engine.stubs import StubFile, Wire


class Renderer:
    """Renders the templates of one stub's `tree/` with one set of values."""

    def __init__(self, tree: Path, values: Mapping[str, object]) -> None:
        self._values = dict(values)
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(tree),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701  what is written is Python, not HTML
        )
        self._environment.globals.update(call=layout.call, display=layout.display, quote=quote)
        self._environment.filters.update(
            snake=names.to_snake, pascal=names.to_pascal, camel=names.to_camel, kebab=names.to_kebab
        )

    def text(self, template: str, item: object = None) -> str:
        """Render a short template, such as a path or a statement."""
        return self._guard(self._environment.from_string(template), item)

    def file(self, template: str, item: object = None) -> FileState:
        return FileState(self._guard(self._environment.get_template(template), item).encode())

    def each(self, entry: StubFile | Wire) -> Iterator[object]:
        """Yield the items that a file or wire is made for: none, one, or those of the value it names."""
        if entry.when and not self.truth(entry.when):
            return
        if not entry.each:
            yield None
            return
        yield from self._items(entry.each)

    def truth(self, expression: str) -> bool:
        return bool(self._environment.compile_expression(expression, undefined_to_none=False)(**self._values))

    def _items(self, name: str) -> Sequence[object]:
        items = self._values.get(name, ())
        return items if isinstance(items, list | tuple) else ()

    def _guard(self, template: jinja2.Template, item: object) -> str:
        try:
            return template.render(**self._values, item=item)
        except jinja2.TemplateError as error:
            raise CrashError(f"the template {template.name or 'in stub.yml'} does not render: {error}") from error
