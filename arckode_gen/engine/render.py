"""Jinja as stubs use it: strict about undefined values, and with the layout functions that keep Python formatted."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from arckode_gen.engine import layout, names
from arckode_gen.engine.imports import with_imports
from arckode_gen.engine.plan import FileState
from arckode_gen.engine.python_code import quote
from arckode_gen.errors import CrashError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import CodeType

    import jinja2

    from arckode_gen.engine.stubs import Joined, StubFile, StubOption, StubPart, StubSkeleton, Wire


_VUE = ".vue.jinja"
_known: dict[str, CodeType] = {}  # the environments are all alike, so what one compiled is good for the others


class Compiled(Protocol):
    """Remembers what templates were compiled to, which takes longer than rendering them."""

    def get(self, source: str) -> CodeType | None: ...

    def put(self, source: str, code: CodeType) -> None: ...


def _json(value: object) -> str:
    """Write a value as JSON, which TypeScript reads too; letters stay as they are."""
    return json.dumps(value, ensure_ascii=False)


class Renderer:
    """Renders the templates of one stub's `tree/` with one set of values."""

    def __init__(self, tree: Path, values: Mapping[str, object], compiled: Compiled | None = None) -> None:
        self._tree = tree
        self._values = dict(values)
        self._compiled = compiled

    @cached_property
    def _environment(self) -> jinja2.Environment:
        import jinja2  # a command that takes something out renders nothing

        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._tree),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701  what is written is Python, not HTML
        )
        environment.globals.update(
            call=layout.call, comprehension=layout.comprehension, display=layout.display, quote=quote
        )
        environment.filters.update(
            snake=names.to_snake,
            pascal=names.to_pascal,
            camel=names.to_camel,
            json=_json,
            kebab=names.to_kebab,
            with_imports=with_imports,
        )
        return environment

    @cached_property
    def _for_vue(self) -> jinja2.Environment:
        """Vue has the braces for itself: in `.vue.jinja` a value is written `[[ name ]]`."""
        return self._environment.overlay(variable_start_string="[[", variable_end_string="]]")

    def text(self, template: str, item: object = None) -> str:
        """Render a short template, such as a path or a statement."""
        if "{" not in template:
            return template
        return self._render(template, f"`{template.strip()}` in stub.yml", item)

    def file(self, template: str, item: object = None) -> FileState:
        """Render a file of the tree.

        Raises:
            CrashError: it is not valid, or uses what is not defined; the message names the template and the variable.
        """
        try:
            source = (self._tree / template).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CrashError(f"the template {template} cannot be read: {error}") from error
        plain = "{" not in source  # nothing to render, and Jinja costs more than everything else here
        return FileState((source if plain else self._render(source, template, item)).encode())

    def holds(self, entry: StubPart | StubOption | StubSkeleton | Joined) -> bool:
        """Tell whether the condition of an entry is met."""
        return not entry.when or self.truth(entry.when)

    def each(self, entry: StubFile | Wire) -> Iterator[object]:
        """Yield the items that a file or wire is made for: none, one, or those of the value it names."""
        if entry.when and not self.truth(entry.when):
            return
        if not entry.each:
            yield None
            return
        yield from self._items(entry.each)

    def truth(self, expression: str) -> bool:
        return bool(self.text(f"{{% if {expression} %}}yes{{% endif %}}"))

    def _items(self, name: str) -> Sequence[object]:
        if name not in self._values:
            raise CrashError(f"stub.yml: `each: {name}` names a value that does not exist")
        items = self._values[name]
        if not isinstance(items, list | tuple):
            raise CrashError(f"stub.yml: `each: {name}` needs a list, not {type(items).__name__}")
        return items

    def _render(self, source: str, name: str, item: object) -> str:
        import jinja2

        try:
            return self._template(source, name).render(**self._values, item=item)
        except jinja2.TemplateSyntaxError as error:
            raise CrashError(f"the template {name}, line {error.lineno}, is not valid: {error.message}") from error
        except Exception as error:  # a filter or a method that a template calls may raise whatever it likes
            reason = str(error) if isinstance(error, jinja2.UndefinedError) else f"{type(error).__name__}: {error}"
            raise CrashError(f"the template {name} does not render: {reason}") from error

    def _template(self, source: str, name: str) -> jinja2.Template:
        import jinja2

        environment = self._for_vue if name.endswith(_VUE) else self._environment
        key = f"{_VUE}\n{source}" if name.endswith(_VUE) else source
        code = _known.get(key) or (self._compiled.get(key) if self._compiled else None)
        if code is None:
            code = environment.compile(source, name)
            if self._compiled:
                self._compiled.put(key, code)
        _known[key] = code
        return jinja2.Template.from_code(environment, code, environment.make_globals(None))
