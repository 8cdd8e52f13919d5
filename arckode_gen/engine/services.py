"""What a module offers others, read from its source: its service, the methods of that, and what they take.

Generated and hand-written modules are read alike; nothing is imported.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from arckode_gen.engine import units
from arckode_gen.engine.names import Name, identifier, to_pascal
from arckode_gen.engine.references import guessed
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arckode_gen.engine.project import Snapshot

    Function = ast.FunctionDef | ast.AsyncFunctionDef

# Where the types come from that mean the same in every module.
_PLAIN = frozenset({"builtins", "collections.abc", "datetime", "decimal", "typing", "uuid"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a method takes beside `self`; `annotation` is Python, empty when there is none."""

    name: str
    annotation: str
    keyword_only: bool = False
    optional: bool = False

    @property
    def declared(self) -> str:
        return f"{self.name}: {self.annotation}"


@dataclass(frozen=True, slots=True)
class Method:
    """A public method; `takes_more` says that it has `*args` or `**kwargs`.

    `hidden` is an annotation that means a method above it in the class, where a type of Python's own was meant.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: str
    is_async: bool
    takes_more: bool = False
    hidden: str = ""

    @property
    def needed(self) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if not parameter.optional)


@dataclass(frozen=True, slots=True)
class Service:
    """A module's service: its class, where it is, and what its file imports (name -> module, `=` for a whole one).

    `repository` is the parameter of `__init__` that takes the rows, with what they are: `("orders", "Order")`.
    """

    module: Name
    name: str
    path: str
    methods: Mapping[str, Method]
    attributes: frozenset[str]
    imports: Mapping[str, str]
    repository: tuple[str, str] | None

    def method(self, name: str) -> Method:
        """Return a method.

        Raises:
            UsageError: there is none of that name; the hint names the nearest, or how to write it.
        """
        found = self.methods.get(name)
        if found is None:
            known = ", ".join(self.methods) or "none"
            hint = f"write it first, in {self.path}, with the types of what it takes: `async def {name}(self, ...)`"
            raise UsageError(
                f"{self.name} has no method '{name}'; its methods are {known}", nearest(name, self.methods) or hint
            )
        return found

    def foreign(self, annotation: str, package: str) -> str:
        """Return the first name in an annotation that only this module can know, or an empty string."""
        names = (node.id for node in ast.walk(ast.parse(annotation, mode="eval")) if isinstance(node, ast.Name))
        return next((name for name in names if not self._is_plain(name, package)), "")

    def _is_plain(self, name: str, package: str) -> bool:
        module = self.imports.get(name, "").removeprefix("=").partition(" ")[0]
        is_event = (name, module) == ("Event", f"{package}.kernel.events")
        return module in _PLAIN or is_event or (not module and hasattr(builtins, name))


def module_of(project: Snapshot, package: str, word: str) -> Name:
    """Return the name of a module that exists.

    Raises:
        UsageError: there is none; the hint names the nearest, or those there are.
    """
    plural = identifier(word)
    modules = [path.split("/")[3] for path in project.glob(f"src/{package}/modules/*/__init__.py")]
    if plural not in modules:
        known = f"there are {', '.join(modules)}" if modules else "there are none yet: `arckode make:module NAME`"
        raise UsageError(f"there is no module '{word}'", nearest(plural, modules) or known)
    unit = units.load(project, "module", plural)
    if unit is None:
        return guessed(plural)
    recorded = cast("Mapping[str, str]", unit.values["name"])
    return Name(recorded["singular"], recorded["plural"])


def service_of(project: Snapshot, package: str, module: Name) -> Service:
    """Read a module's service.

    Raises:
        UsageError: the module has none that others can use; the message says what is missing where.
    """
    path = f"src/{package}/modules/{module.plural}/service.py"
    tree = _parsed(project, path)
    klass = _service_class(tree, module, path)
    door = f"src/{package}/modules/{module.plural}/__init__.py"
    if klass.name not in _imports(_parsed(project, door)):
        hint = f"import {klass.name} from the module's service there, and name it in `__all__`"
        raise UsageError(f"{door} does not offer {klass.name}, so that nobody outside can use it", hint)
    functions = [node for node in klass.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    init = next((node for node in functions if node.name == "__init__"), None)
    return Service(
        module=module,
        name=klass.name,
        path=path,
        methods={
            node.name: replace(_method(node), hidden=hidden(node, functions[:at]))
            for at, node in enumerate(functions)
            if _is_called(node)
        },
        attributes=frozenset(_attributes(klass)),
        imports=_imports(tree),
        repository=None if init is None else _repository(init),
    )


def _parsed(project: Snapshot, path: str) -> ast.Module:
    state = project.read(path)
    if state is None:
        raise UsageError(f"{path} is not there", "a module that others use has a service.py with a class for it")
    try:
        return ast.parse(state.content)
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "repair it first") from error


def _service_class(tree: ast.Module, module: Name, path: str) -> ast.ClassDef:
    usual = f"{to_pascal(module.plural)}Service"
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    named = [node for node in classes if node.name == usual]
    found = named or [node for node in classes if node.name.endswith("Service")]
    if len(found) != 1:
        raise UsageError(f"{path} has no class {usual}", "name the module's service so, that others find it")
    return found[0]


def _is_called(node: Function) -> bool:
    """Tell whether others can call it: it is public, and neither a property nor one of several signatures."""
    names = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
    return not node.name.startswith("_") and not names & {"property", "cached_property", "overload", "setter"}


def _method(node: Function) -> Method:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args][0 if _is_static(node) else 1 :]
    first_optional = len(positional) - len(arguments.defaults)
    own = [_parameter(each, optional=at >= first_optional) for at, each in enumerate(positional)]
    named = [
        _parameter(each, keyword_only=True, optional=default is not None)
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return Method(
        name=node.name,
        parameters=(*own, *named),
        returns=_written(node.returns),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        takes_more=arguments.vararg is not None or arguments.kwarg is not None,
    )


def hidden(node: Function, above: Sequence[Function]) -> str:
    """Return the first annotation that uses a type of Python's own by a name which a method above took in the class."""
    taken = {each.name for each in above if hasattr(builtins, each.name)}
    arguments = (each for each in ast.walk(node.args) if isinstance(each, ast.arg))
    for annotation in filter(None, (_written(node.returns), *(_written(each.annotation) for each in arguments))):
        used = {each.id for each in ast.walk(ast.parse(annotation, mode="eval")) if isinstance(each, ast.Name)}
        if used & taken:
            return annotation
    return ""


def _is_static(node: Function) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in node.decorator_list)


def _parameter(node: ast.arg, *, keyword_only: bool = False, optional: bool) -> Parameter:
    return Parameter(node.arg, _written(node.annotation), keyword_only, optional)


def _written(annotation: ast.expr | None) -> str:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return "" if annotation is None else ast.unparse(annotation)


def _attributes(klass: ast.ClassDef) -> Iterator[str]:
    for node in ast.walk(klass):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            yield node.attr


def _repository(init: Function) -> tuple[str, str] | None:
    for parameter in _method(init).parameters:
        kind = ast.parse(parameter.annotation or "None", mode="eval").body
        is_generic = isinstance(kind, ast.Subscript) and isinstance(kind.value, ast.Name)
        if isinstance(kind, ast.Subscript) and is_generic and isinstance(kind.slice, ast.Name):
            return parameter.name, kind.slice.id
    return None


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return what every imported name comes from; a relative import keeps its dots."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = f"{'.' * node.level}{node.module or ''}"
            found |= {each.asname or each.name: module for each in node.names}
        elif isinstance(node, ast.Import):
            found |= {
                each.asname or each.name: f"={each.name}" + (f" as {each.asname}" if each.asname else "")
                for each in node.names
            }
    return found
