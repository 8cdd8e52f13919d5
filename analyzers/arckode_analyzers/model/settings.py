"""Settings classes: their fields, what a field is when nobody sets it, and what is true of them in production."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.facts.shapes import within
from arckode_analyzers.model.constants import constant_of
from arckode_analyzers.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.project import ClassAt, Project
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source

SETTINGS = frozenset({"kernel.KernelSettings", "pydantic_settings.BaseSettings", "pydantic.BaseSettings"})
_SECRET_TYPES = frozenset({"pydantic.SecretStr", "pydantic.SecretBytes", "pydantic.types.SecretStr"})
_FIELDS = frozenset({"pydantic.Field", "pydantic.fields.Field"})
_ENVIRONMENT_READS = frozenset({"os.getenv", "os.environ.get", "decouple.config", "starlette.config.Config"})
_VALIDATORS = frozenset({"field_validator", "model_validator", "validator", "root_validator", "model_post_init"})
_PRODUCTION = frozenset({"production", "prod", "live", "staging"})
_ELSEWHERE = frozenset({"development", "dev", "test", "testing", "local", "ci", "demo"})
_DEEPEST = 6
_IS_PRODUCTION = frozenset({"production", "is_production"})


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of a settings class with the text it has by default, if any."""

    source: Source
    line: int
    column: int
    model: str
    name: str
    is_secret: bool
    default: str | None

    @property
    def symbol(self) -> str:
        return f"{self.model}.{self.name}"


class Settings:
    """Every settings class of a project."""

    def __init__(self, project: Project, resolver: Resolver) -> None:
        self._project = project
        self._resolver = resolver
        self.classes = tuple(klass for klass in project.classes.values() if self._is_settings(klass))
        self.all = tuple(setting for klass in self.classes for setting in self._of(klass))
        self._known = {(setting.model, setting.name): setting for setting in self.all}

    def _is_settings(self, klass: ClassAt) -> bool:
        if "kernel" in klass.source.layers:
            return False
        names = {ancestor.name for ancestor in self._resolver.ancestors(Value("class", klass.symbol))}
        return bool(names & SETTINGS)

    def _of(self, klass: ClassAt) -> Iterator[Setting]:
        source = klass.source
        for row in source.declared_in.get(klass.index, ()):
            if row.annotation is None or row.target[0] != "name":
                continue
            said = self._resolver.annotation(source, klass.record.function, row.annotation)
            default = self.written(source, klass.record.function, row.value)
            is_secret = said is not None and said.name in _SECRET_TYPES
            name = str(row.target[1])
            yield Setting(source, row.line, row.column, klass.symbol, name, is_secret, default)

    def written(self, source: Source, function: int, shape: Shape | None, depth: int = 0) -> str | None:
        """Return the text that a default is written as, in a field, a secret or a look-up in the environment."""
        match constant_of(self._project, source, function, shape):
            case ("const", str(text)):
                return text
            case ("call", tuple(func), tuple(args), tuple(pairs)) if depth < _DEEPEST:
                given = self._default_of(source, function, func, (args, dict(pairs)))
                return None if given is None else self.written(source, function, given, depth + 1)
        return None

    def _default_of(
        self, source: Source, function: int, func: Shape, given: tuple[tuple[Shape, ...], dict[str, Shape]]
    ) -> Shape | None:
        """Return what a secret, a field or a look-up in the environment is given as its default."""
        args, keywords = given
        value = self._resolver.value(source, function, func)
        if value is None:
            return None
        if value.name in _SECRET_TYPES:
            return args[0] if args else None
        if value.name in _FIELDS:
            return keywords.get("default") or (args[0] if args else None)
        if value.name in _ENVIRONMENT_READS:
            return args[1] if len(args) > 1 else keywords.get("default")
        return None

    def read(self, source: Source, function: int, shape: Shape, depth: int = 0) -> Setting | None:
        """Return the setting that an expression reads, through names and conversions."""
        if depth > _DEEPEST:
            return None
        match shape:
            case ("call", ("attr", tuple(base), "get_secret_value" | "encode" | "strip"), _, _):
                return self.read(source, function, base, depth + 1)
            case ("call", ("name", "str" | "bytes"), (tuple(only), *_), _):
                return self.read(source, function, only, depth + 1)
            case ("attr", tuple(base), str(name)):
                owner = self._resolver.value(source, function, base)
                return None if owner is None or owner.kind != "instance" else self.field(owner, name)
            case ("name", str()):
                found = constant_of(self._project, source, function, shape)
                return None if found is None or found == shape else self._elsewhere(source, function, shape, depth)
        return None

    def _elsewhere(self, source: Source, function: int, shape: Shape, depth: int) -> Setting | None:
        """Follow a name to where it is assigned, in this function, this file or another one."""
        for scope in dict.fromkeys((function, 0)):
            for definition in source.names.get((scope, -1), {}).get(str(shape[1]), ()):
                if definition.what == "binding":
                    value = source.facts.bindings[definition.index].value
                    return None if value is None else self.read(source, scope, value, depth + 1)
                if definition.what == "import":
                    row = source.facts.imports[definition.index]
                    target = self._project.modules.get(source.target(row))
                    return None if target is None else self.read(target, 0, ("name", row.name), depth + 1)
        return None

    def field(self, owner: Value, name: str) -> Setting | None:
        ancestors = self._resolver.ancestors(owner)
        found = (self._known.get((ancestor.name, name)) for ancestor in ancestors)
        return next((setting for setting in found if setting is not None), None)

    def is_checked(self, setting: Setting) -> bool:
        """Tell whether a validator of the class looks at the field, or the program compares it with its default."""
        value = Value("class", setting.model)
        below = (klass for klass in self.classes if value.name in self._above(klass))
        if any(self._validates(klass, setting.name) for klass in below):
            return True
        return any(self._refuses(source, setting) for source in self._project.sources.values())

    def _above(self, klass: ClassAt) -> set[str]:
        return {ancestor.name for ancestor in self._resolver.ancestors(Value("class", klass.symbol))}

    def _validates(self, klass: ClassAt, name: str) -> bool:
        source = klass.source
        for _, method in self._project.methods(klass):
            shapes = [part for shape in method.record.decorators for part in within(shape)]
            is_validator = method.record.name in _VALIDATORS or any(
                part[0] in {"name", "attr"} and part[-1] in _VALIDATORS for part in shapes
            )
            if not is_validator:
                continue
            rows = [row.value for row in source.facts.reads if row.function == method.index]
            rows += [row.test for row in source.facts.blocks if row.function == method.index]
            rows += [shape for call in source.calls_of.get(method.index, ()) for shape in (call.func, *call.args)]
            shapes += [part for row in rows for part in within(row)]
            if any(
                part in {("const", name), ("const", "*")} or (part[0] == "attr" and part[2] == name) for part in shapes
            ):
                return True
        return False

    def _refuses(self, source: Source, setting: Setting) -> bool:
        """Tell whether a file raises under a condition that compares the field with its default."""
        raising = {at for row in source.facts.raises for at in row.blocks}
        for at in sorted(raising):
            for part in within(source.facts.blocks[at].test):
                inside = list(within(part)) if part[0] == "compare" else []
                is_read = any(each[0] == "attr" and each[2] == setting.name for each in inside)
                if is_read and ("const", setting.default) in inside:
                    return True
        return False

    # What holds in production

    def holds(self, source: Source, function: int, test: Shape, depth: int = 0) -> bool | Setting | None:
        """Return what a condition is in production, or the setting whose default decides it."""
        if depth > _DEEPEST:
            return None
        match test:
            case ("not", tuple(inner)):
                found = self.holds(source, function, inner, depth + 1)
                return not found if isinstance(found, bool) else None
            case ("attr", tuple(base), str(name)) if name in _IS_PRODUCTION:
                return True if self._is_instance(source, function, base) else None
            case ("compare", (str(operator),), (tuple(left), tuple(right))):
                return self._compared(source, function, operator, left, right)
            case ("name", str()):
                found_shape = constant_of(self._project, source, function, test)
                is_own = found_shape is not None and found_shape[0] in {"compare", "not", "attr"}
                return self.holds(source, function, found_shape, depth + 1) if is_own and found_shape else None
        return None

    def _is_instance(self, source: Source, function: int, base: Shape) -> bool:
        value = self._resolver.value(source, function, base)
        if value is None or value.kind != "instance":
            return False
        return any(ancestor.name in SETTINGS for ancestor in self._resolver.ancestors(value))

    def _compared(
        self, source: Source, function: int, operator: str, left: Shape, right: Shape
    ) -> bool | Setting | None:
        if operator in {"in", "not in"}:
            words = {str(part[1]).lower() for part in within(right) if part[0] == "const"}
            if not words or not words <= _PRODUCTION | _ELSEWHERE:
                return None
            return bool(words & _PRODUCTION) == (operator == "in")
        if operator not in {"==", "!=", "is", "is not"}:
            return None
        is_equal = operator in {"==", "is"}
        word = self._word(source, function, right) or self._word(source, function, left)
        if word in _PRODUCTION:
            return is_equal
        if word in _ELSEWHERE:
            return not is_equal
        setting = self.read(source, function, left) or self.read(source, function, right)
        if setting is None or setting.default is None or word is None:
            return None
        is_default = (setting.default.lower() == word) == is_equal
        return setting if is_default and not self.is_checked(setting) else None

    def _word(self, source: Source, function: int, shape: Shape) -> str | None:
        match constant_of(self._project, source, function, shape):
            case ("const", str(text)):
                return text.lower()
            case ("attr", ("name", str(owner)), str(name)) if owner[:1].isupper():
                return name.lower()
        return None
