"""What a connector's templates need: the two services as they are, and the method as it is written."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.rules.arc405_event_names import problem_of
from arckode_gen.engine import layout
from arckode_gen.engine.python_code import quote
from arckode_gen.engine.services import Method, Parameter, Service, module_of, service_of
from arckode_gen.engine.units import load
from arckode_gen.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.names import Name
    from arckode_gen.engine.project import Snapshot

_EVENT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,2}")
_TAKEN = frozenset(
    """
    construct copy dict from_orm json parse_file parse_obj parse_raw schema schema_json update_forward_refs validate
    """.split()
)
# A value of each type for the test of a connector.
_EXAMPLES = {
    "str": '"text"',
    "int": "1",
    "bool": "True",
    "float": "1.5",
    "bytes": 'b"text"',
    "object": '"text"',
    "UUID": "UUID(int=1)",
    "Decimal": 'Decimal("1.5")',
    "dt.date": "dt.date(2026, 1, 1)",
    "dt.time": "dt.time(12)",
    "dt.datetime": "dt.datetime(2026, 1, 1, tzinfo=dt.UTC)",
    "list": "[]",
    "builtins.list": "[]",
    "Sequence": "[]",
    "dict": "{}",
    "Mapping": "{}",
    "tuple": "()",
    "Optional": "None",
    "Any": '"text"',
}


@dataclass(frozen=True, slots=True)
class Names:
    """The two modules, their services, and what the connector's parts are called."""

    package: str
    file: str
    asking: Service
    answering: Service
    method: Method
    event: str

    @property
    def implementation(self) -> str:
        first, second = self.asking.module.pascal_plural, self.answering.module.pascal_plural
        return f"{second}On{_pascal(self.event)}" if self.event else f"{first}{second}"

    @property
    def known(self) -> dict[str, str]:
        """Return where the names come from that the generated files use."""
        place = f"{self.package}.modules"
        types = {name: _absolute(module, self.package) for name, module in self.answering.imports.items()}
        return {
            **types,
            self.asking.name: f"{place}.{self.asking.module.plural}",
            self.answering.name: f"{place}.{self.answering.module.plural}",
            self.implementation: f"{self.package}.connectors.{self.file}",
            "Any": "typing",
            "AsyncClient": "httpx2",
            "BaseModel": "pydantic",
            "Event": ".events",
            "EventBus": ".bus",
            "Kernel": ".app",
        }


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: a module, service or method is not there, or cannot be joined so.
        RefusedError: the port is there already.
    """
    package, event, call = str(values["package"]), str(values["on"] or ""), str(values["call"] or "")
    asking = module_of(project, package, str(values["module"]))
    answering = module_of(project, package, str(values["other"]))
    if asking == answering:
        raise UsageError(f"'{asking.plural}' is one module; a connector joins two", "call its service itself")
    if event:
        _check_event(event, asking, call)
    service = service_of(project, package, answering)
    names = Names(
        package=package,
        file=_file(asking, answering, event),
        asking=service_of(project, package, asking),
        answering=service,
        method=service.method(call) if call else _existence(service),
        event=event,
    )
    _check_method(names, asks=not event)
    if not event:
        _check_port(names, project)
    return {**_texts(names), **_tested(names, project)}


def _file(asking: Name, answering: Name, event: str) -> str:
    happened = event.partition(".")[2].replace(".", "_")
    return f"{asking.plural}_{answering.plural}" + (f"_on_{happened}" if happened else "")


def _pascal(event: str) -> str:
    return event.replace(".", "_").title().replace("_", "")


def _absolute(module: str, package: str) -> str:
    return module.removeprefix(f"{package}.kernel") if module.startswith(f"{package}.kernel.") else module


def _check_event(event: str, asking: Name, call: str) -> None:
    if _EVENT.fullmatch(event) is None:
        message = f"--on {event}: an event is called module.action or module.entity.action, in small letters"
        raise UsageError(message, f"for example {asking.plural}.confirmed")
    if event.partition(".")[0] != asking.plural:
        owner = event.partition(".")[0]
        hint = f"did you mean `{asking.plural}.{event.partition('.')[2]}`, or `arckode make:connector {owner} ...`?"
        raise UsageError(f"--on {event}: by its name it is no event of '{asking.plural}'", hint)
    problem = problem_of(event)
    if problem:
        raise UsageError(f"--on {event}: the name {problem}", "say it in the past tense: orders.confirmed")
    if not call:
        raise UsageError("--on needs --call: the method that reacts", "for example `--call reserve_stock`")


def _existence(service: Service) -> Method:
    """Return the method that tells whether a row exists, as the asking module sees it."""
    found = service.methods.get("get_by_id")
    if found is None or len(found.needed) != 1 or not found.is_async:
        hint = f"name what to ask with --call, one of {', '.join(service.methods) or 'its methods'}"
        raise UsageError(f"{service.name} has no `get_by_id` with one parameter, to tell what exists", hint)
    return Method("exists", found.needed, "bool", is_async=True)


def _check_method(names: Names, *, asks: bool) -> None:
    method, service = names.method, names.answering
    place = f"{service.name}.{method.name}"
    if method.takes_more:
        raise UsageError(f"{place} takes *args or **kwargs, so that nothing can be checked", "give it named parameters")
    if method.hidden:
        message = f"{place} is annotated with `{method.hidden}`, in a class where a method above it took that name"
        hint = "Python finds the method, no type: write `Sequence[...]`, or `import builtins` and `builtins.list[...]`"
        raise UsageError(message, hint)
    bare = next((each.name for each in method.needed if not each.annotation), "")
    if bare or (asks and not method.returns):
        what = f"the parameter '{bare}'" if bare else "its result"
        raise UsageError(f"{place} has no annotation for {what}", "annotate it: a connector is typed against it")
    taken = "" if asks else next((each.name for each in method.needed if _is_taken(each.name)), "")
    if taken:
        message = f"{place} takes '{taken}', which no model of an event can have as a field"
        raise UsageError(message, f"rename the parameter, for instance to `{taken.strip('_')}_value`")
    for each in (*(each.annotation for each in method.needed), *((method.returns,) if asks else ())):
        foreign = service.foreign(each, names.package)
        if foreign:
            message = f"{place} uses `{foreign}`, which only the module '{service.module.plural}' may know"
            hint = "join modules by a method with plain types (str, int, bool, UUID, Decimal, dt.date, lists of them)"
            raise UsageError(message, hint)


def _is_taken(name: str) -> bool:
    """Tell whether pydantic keeps a name for itself."""
    return name in _TAKEN or name.startswith(("_", "model_"))


def _check_port(names: Names, project: Snapshot) -> None:
    """Refuse an attribute or a connector that something else made."""
    if load(project, "connector", names.file) is not None:
        return
    name, service = names.answering.module.plural, names.asking
    connector = f"src/{names.package}/connectors/{names.file}.py"
    if project.read(connector) is not None:
        hint = f"add the method to that connector, and to the protocol that {service.name} asks by"
        raise RefusedError(f"{connector} is there: a connector joins {service.module.plural} and {name} already", hint)
    if name in service.attributes:
        raise RefusedError(f"{service.name} in {service.path} has `self.{name}` already", "rename that, or its use")


def _texts(names: Names) -> dict[str, object]:
    asking, answering, method = names.asking, names.answering, names.method
    one = answering.module.plural
    is_whole = [each.annotation for each in method.needed] == ["Event"]
    carried = () if is_whole else method.needed
    wait, begin = ("await ", "async def") if method.is_async else ("", "def")
    answer = "" if method.returns == "None" else "return "
    said = ["event"] if is_whole else _passed([(each, f"said.{each.name}") for each in carried])
    handed = _passed([(each, each.name) for each in method.needed])
    made = f"{names.implementation}(kernel.resolve({answering.name}))"
    return {
        "needs": tuple(f"module.{each.module.plural}" for each in (asking, answering)),
        "known": names.known,
        "file": names.file,
        "asking": asking.module,
        "answering": answering.module,
        "asking_words": asking.module.plural.replace("_", " "),
        "answering_words": one.replace("_", " "),
        "asking_service": asking.name,
        "answering_service": answering.name,
        "implementation": names.implementation,
        "protocol": answering.module.pascal_plural,
        "payload": _pascal(names.event),
        "port": f"{one}_port",
        "method": method,
        "carried": tuple(each.name for each in carried),
        "fields": tuple(each.declared for each in carried),
        "init": layout.call("def __init__(", ["self", f"{one}: {answering.name}"], ") -> None:", indent=4),
        "declared": layout.call(f"{begin} {method.name}(", _declared(method), f") -> {method.returns}:", indent=4),
        "handed_on": layout.call(f"{answer}{wait}self._{one}.{method.name}(", handed, indent=8),
        "told": layout.call(f"{wait}self._{one}.{method.name}(", said, indent=8),
        "connect_line": layout.call(f"{asking.module.plural}.{one}.connect(", [made], indent=4),
        "listen_line": layout.call("kernel.resolve(EventBus).on(", [f'"{names.event}"', f"{made}.hear"], indent=4),
    }


def _declared(method: Method) -> list[str]:
    named = [each.declared for each in method.needed if each.keyword_only]
    star = ["*", *named] if named else []
    return ["self", *(each.declared for each in method.needed if not each.keyword_only), *star]


def _recorded(method: Method) -> list[str]:
    """Write parameters as an override declares them: it must take what callers may leave out, too."""
    written = [(each, f"{each.name}: Any = None" if each.optional else each.declared) for each in method.parameters]
    named = [text for each, text in written if each.keyword_only]
    return ["self", *(text for each, text in written if not each.keyword_only), *(["*", *named] if named else [])]


def _passed(values: Sequence[tuple[Parameter, str]]) -> list[str]:
    return [f"{each.name}={value}" if each.keyword_only else value for each, value in values]


def _tested(names: Names, project: Snapshot) -> dict[str, object]:
    """Return what the generated test passes, and whether it can make a row of the answering module."""
    method, module = names.method, names.answering.module
    examples = [(each, _example(names, each.annotation)) for each in method.needed]
    factory = project.read(f"tests/modules/{module.plural}/factory.py")
    returns = method.returns if method.returns == "None" or not names.event else "Any"
    begin, wait = ("async def", "await ") if method.is_async else ("def", "")
    pairs = [f'"{each.name}": {value}' for each, value in examples]
    return {
        "test_known": {**names.known, f"store_{module.singular}": f"tests.modules.{module.plural}.factory"},
        "recorder": f"Recording{names.answering.name.removesuffix('Service')}",
        "recorded": layout.call(f"{begin} {method.name}(", _recorded(method), f") -> {returns}:", indent=4),
        "remembered": layout.display("self.asked.append((", [each.name for each in method.needed], "))", indent=8),
        "asked": layout.display(" == [(", [value for _, value in examples], ")]", indent=30),
        "data": layout.display("DATA: dict[str, object] = {", pairs, "}"),
        "given": layout.call(f"{wait}connector.{method.name}(", _passed(examples), indent=4),
        "result": "" if returns in {"None", "Any"} else _example(names, method.returns),
        "makes_rows": factory is not None and f"def store_{module.singular}(" in factory.text,
    }


def _example(names: Names, annotation: str) -> str:
    """Return a value of a type, as Python."""
    kind = ast.parse(annotation, mode="eval").body
    if isinstance(kind, ast.BinOp) and "None" in (ast.unparse(kind.left), ast.unparse(kind.right)):
        return "None"
    if isinstance(kind, ast.Subscript) and ast.unparse(kind.value) == "Literal":
        first = kind.slice.elts[0] if isinstance(kind.slice, ast.Tuple) else kind.slice
        return quote(str(ast.literal_eval(first))) if isinstance(ast.literal_eval(first), str) else ast.unparse(first)
    if annotation == "Event":
        return "event"
    found = _EXAMPLES.get(ast.unparse(kind.value if isinstance(kind, ast.Subscript) else kind))
    if found is None:
        message = f"{names.answering.name}.{names.method.name} uses `{annotation}`, for which arckode knows no example"
        raise UsageError(message, "use str, int, bool, float, UUID, Decimal, dt.date, or a list or dict of them")
    return found
