"""A generator as data: `stub.yml` names the command, its parameters, files, wires and steps; templates are Jinja.

A stub is a folder. Its command is `make:<folder>` unless the first line of `stub.yml` names another. `derive.py` may
hold one pure function `derive(values, project) -> values` for what templates should not compute.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

import yaml

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import CrashError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from arckode_gen.engine.project import Snapshot

WireKind = Literal["import", "register", "setting", "dependency", "navigation"]
WordType = Literal["str", "int", "bool", "name", "fields"]
_KEYS = {"command", "summary", "details", "examples", "unit", "version", "params", "files", "wires", "steps", "notes"}
_PARAM_KEYS = {"name", "kind", "type", "default", "required", "choices", "help", "metavar", "prompt"}


@dataclass(frozen=True, slots=True)
class StubFile:
    """One file to write: where (a path template), from which template, when, and once for each item of what."""

    path: str
    template: str
    when: str = ""
    each: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """One line to put into a file that belongs to someone else; `function` is where a `register` goes."""

    kind: WireKind
    file: str
    statement: str
    function: str = ""
    when: str = ""
    each: str = ""


@dataclass(frozen=True, slots=True)
class Stub:
    """A generator, as its folder describes it; `word_types` says what each parameter's words mean."""

    folder: Path
    spec: CommandSpec
    unit: str
    version: int
    files: tuple[StubFile, ...]
    wires: tuple[Wire, ...]
    steps: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    word_types: Mapping[str, WordType]


def load(folder: Path) -> Stub:
    """Read a stub.

    Raises:
        CrashError: `stub.yml` is not what a stub needs; the message names the file, the key and the reason.
    """
    file = folder / "stub.yml"
    try:
        loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise CrashError(f"{file} is not valid YAML: {error}") from error
    document = _mapping(loaded, str(file))
    _check_keys(document, _KEYS, str(file))
    words = [_mapping(item, f"{file}: params") for item in _list(document, "params")]
    for word in words:
        _check_keys(word, _PARAM_KEYS, f"{file}: params")
    return Stub(
        folder=folder,
        spec=_spec(folder, document, words),
        unit=str(document.get("unit", folder.name)),
        version=int(str(document.get("version", 1))),
        files=tuple(_file(_mapping(item, f"{file}: files"), folder) for item in _list(document, "files")),
        wires=tuple(_wire(_mapping(item, f"{file}: wires"), str(file)) for item in _list(document, "wires")),
        steps=tuple(_step(_mapping(item, f"{file}: steps")) for item in _list(document, "steps")),
        notes=tuple(str(item) for item in _list(document, "notes")),
        word_types={str(word["name"]): cast("WordType", word.get("type", "str")) for word in words},
    )


def derive_function(stub: Stub) -> Callable[[Mapping[str, object], Snapshot], Mapping[str, object]] | None:
    """Return the stub's `derive`, or None when it computes nothing."""
    file = stub.folder / "derive.py"
    if not file.is_file():
        return None
    module_spec = importlib.util.spec_from_file_location(f"arckode_stub_{stub.folder.name}", file)
    if module_spec is None or module_spec.loader is None:
        raise CrashError(f"{file} cannot be loaded")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_spec.name] = module  # dataclasses look their module up
    module_spec.loader.exec_module(module)
    return cast("Callable[[Mapping[str, object], Snapshot], Mapping[str, object]]", module.derive)


def _spec(folder: Path, document: Mapping[str, object], words: list[Mapping[str, object]]) -> CommandSpec:
    params = [_param(word) for word in words]
    if any(word.get("type") == "fields" for word in words):
        params.append(Param("fields", type="path", metavar="FILE.yml", help="Read the fields from a YAML file."))
    params.append(Param("answers", type="path", metavar="FILE|-", help="Read answers as JSON from a file or stdin."))
    return CommandSpec(
        name=str(document.get("command", f"make:{folder.name}".replace("_", "-"))),
        summary=str(document.get("summary", f"Generate {folder.name}.")),
        details=str(document.get("details", "")),
        examples=tuple(str(item) for item in _list(document, "examples")),
        params=tuple(params),
        writes=True,
    )


def _param(word: Mapping[str, object]) -> Param:
    kind = str(word.get("type", "str"))
    default = word.get("default")
    return Param(
        name=str(word["name"]),
        kind="argument" if word.get("kind") == "argument" else "option",
        type="bool" if kind == "bool" else "int" if kind == "int" else "str",
        default=default if isinstance(default, str | int | bool) else None,
        required=word.get("required") is True,
        many=kind == "fields",
        choices=tuple(str(item) for item in _list(word, "choices")),
        help=str(word.get("help", "")),
        metavar=str(word.get("metavar", "")),
        prompt=str(word.get("prompt", "")),
    )


def _file(item: Mapping[str, object], folder: Path) -> StubFile:
    template = str(item["template"])
    if not (folder / "tree" / template).is_file():
        raise CrashError(f"{folder / 'stub.yml'} names the template {template}, which is not in {folder.name}/tree")
    return StubFile(str(item["path"]), template, str(item.get("when", "")), str(item.get("each", "")))


def _wire(item: Mapping[str, object], file: str) -> Wire:
    kind = str(item.get("edit"))
    if kind not in get_args(WireKind):
        raise CrashError(f"{file}: there is no edit '{kind}'", f"one of {', '.join(get_args(WireKind))}")
    return Wire(
        kind=cast("WireKind", kind),
        file=str(item["file"]),
        statement=str(item["statement"]),
        function=str(item.get("function", "")),
        when=str(item.get("when", "")),
        each=str(item.get("each", "")),
    )


def _step(item: Mapping[str, object]) -> tuple[str, str]:
    return str(item["description"]), str(item.get("command", ""))


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise CrashError(f"{where}: expected keys and values, found {type(value).__name__}")
    return cast("Mapping[str, object]", value)


def _list(document: Mapping[str, object], key: str) -> list[object]:
    value = document.get(key, [])
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _check_keys(document: Mapping[str, object], known: set[str], where: str) -> None:
    for key in document:
        if key not in known:
            raise CrashError(f"{where}: unknown key '{key}'", nearest(key, known))
