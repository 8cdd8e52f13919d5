"""A generator as data: `stub.yml` names the command, its parameters, files, wires and steps; templates are Jinja.

A stub is a folder. Its command is `make:<folder>` unless the first key of `stub.yml` names another. `derive.py` may
hold one pure function `derive(values, project) -> values` for what templates should not compute.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, cast, get_args

from arckode_gen import resources
from arckode_gen.engine import stub_document
from arckode_gen.engine.digests import tree_digest
from arckode_gen.engine.spec import COMMON_PARAMS, OVERWRITING_PARAMS, WRITING_PARAMS, CommandSpec, Param
from arckode_gen.errors import CrashError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from arckode_gen.engine.stub_document import Entry

WireKind = Literal[
    "import",
    "register",
    "attribute",
    "method",
    "setting",
    "field",
    "class",
    "case",
    "item",
    "dependency",
    "entry",
    "env",
    "line",
    "ts_import",
    "ts_item",
]
_AT_SOMETHING = frozenset({"class", "entry", "item", "ts_item"})
_IN_SOMETHING = frozenset({"register", "attribute", "method", "field", "case"})
WordType = Literal["str", "int", "bool", "word", "name", "module", "fields"]
_KEYS = (
    "command",
    "summary",
    "asked",
    "skill",
    "details",
    "examples",
    "unit",
    "named",
    "version",
    "params",
    "files",
    "wires",
    "parts",
    "skeletons",
    "joined",
    "options",
    "remakes",
    "steps",
    "notes",
)
_PARAM_KEYS = ("name", "kind", "type", "default", "required", "choices", "help", "metavar", "prompt", "record")
_FILE_KEYS = ("path", "template", "when", "each", "edits")
_WIRE_KEYS = ("edit", "file", "statement", "function", "at", "when", "each")
_TAKEN = frozenset(
    {param.name for param in (*WRITING_PARAMS, *OVERWRITING_PARAMS, *COMMON_PARAMS)}
    | set("added answers fields help item markers needs next_stamp package project stamp".split())
)
_COMMAND = r"[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)?"


@dataclass(frozen=True, slots=True)
class StubFile:
    """One file to write: where (a path template), from which template, when, and once for each item of what.

    With `edits` the file is another unit's, which is changed as a person would change it.
    """

    path: str
    template: str
    when: str = ""
    each: str = ""
    edits: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """One line to put into a file that belongs to someone else.

    `function` is the function or class it goes into, `at` the dotted path of the mapping that an `entry` goes into, the
    base of a `class`, or the constant whose list an `item` or `ts_item` goes into.
    """

    kind: WireKind
    file: str
    statement: str
    function: str = ""
    at: str = ""
    when: str = ""
    each: str = ""


@dataclass(frozen=True, slots=True)
class StubPart:
    """A part of the kernel that the project carries from then on, and when."""

    name: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class StubSkeleton:
    """A copier template that is part of the unit, the folder that it is rendered into, and when."""

    name: str
    to: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """Another command whose changes are in the same plan: before the stub's own with `first`, else after them.

    One that is `optional` is left to a person when it fails; of one that is `quiet` nothing is said, neither its steps
    nor its notes.
    """

    command: str
    words: str = ""
    when: str = ""
    first: bool = False
    optional: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class StubStep:
    """What to do next; with `changed`, only when that file changes."""

    description: str
    command: str = ""
    changed: str = ""


@dataclass(frozen=True, slots=True)
class StubOption:
    """An answer of the project's skeleton that becomes another one, and when."""

    name: str
    value: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Stub:
    """A generator, as its folder describes it; `word_types` says what each parameter's words mean.

    `asked` are the words that people ask for it by, which `arckode place` looks for; `skill` is what
    an agent reads about it.
    `remakes` are the kinds of units that are made otherwise while one of this stub's is there.
    """

    folder: Path
    spec: CommandSpec
    unit: str
    version: int
    files: tuple[StubFile, ...]
    wires: tuple[Wire, ...]
    steps: tuple[StubStep, ...]
    notes: tuple[str, ...]
    named: str
    word_types: Mapping[str, WordType]
    parts: tuple[StubPart, ...] = ()
    options: tuple[StubOption, ...] = ()
    skeletons: tuple[StubSkeleton, ...] = ()
    joined: tuple[Joined, ...] = ()
    unrecorded: frozenset[str] = frozenset()
    remakes: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    skill: str = "cli"

    @property
    def digest(self) -> str:
        """Return what identifies the files a unit is made from, so that one made from others is known to be stale."""
        own = tree_digest(self.folder, ("stub.yml", "derive.py", "tree"))
        names = (*(("kernel",) if self.parts else ()), *sorted({each.name for each in self.skeletons}))
        if not names:
            return own
        others = tree_digest(resources.folder("templates"), names)
        return hashlib.sha256(f"{own}{others}".encode()).hexdigest()[:16]

    @property
    def naming(self) -> frozenset[str]:
        """Return the parameters that make up a unit's name."""
        if not self.named:
            return frozenset({"name", "singular", "plural"} & set(self.word_types))
        return frozenset(word for word in self.word_types if _is_used(word, self.named))


def _is_used(word: str, template: str) -> bool:
    return re.search(rf"\b{word}\b", template) is not None


def load(folder: Path, read: Callable[[Path], Entry] = stub_document.read) -> Stub:
    """Read a stub.

    Raises:
        CrashError: `stub.yml` is not what a stub needs; the message names the file, the key and the reason.
    """
    document = read(folder / "stub.yml").only(_KEYS)
    words = document.entries("params", _PARAM_KEYS)
    params = tuple(_param(word) for word in words)
    _check_params(document, params)
    return Stub(
        folder=folder,
        spec=_spec(folder, document, params),
        unit=document.text("unit", folder.name),
        version=document.number("version", 1),
        files=tuple(_file(item, folder) for item in document.entries("files", _FILE_KEYS)),
        wires=tuple(_wire(item) for item in document.entries("wires", _WIRE_KEYS)),
        steps=tuple(
            StubStep(item.required("description"), item.text("command"), item.text("changed"))
            for item in document.entries("steps", ("description", "command", "changed"))
        ),
        notes=document.words("notes"),
        asked=document.words("asked"),
        skill=document.text("skill", "cli"),
        named=document.text("named"),
        word_types={word.required("name"): _word_type(word) for word in words},
        parts=tuple(
            StubPart(item.required("part"), item.text("when")) for item in document.entries("parts", ("part", "when"))
        ),
        options=tuple(
            StubOption(item.required("name"), item.required("value"), item.text("when"))
            for item in document.entries("options", ("name", "value", "when"))
        ),
        skeletons=tuple(
            StubSkeleton(item.required("skeleton"), item.required("to"), item.text("when"))
            for item in document.entries("skeletons", ("skeleton", "to", "when"))
        ),
        joined=tuple(
            Joined(
                item.required("command"),
                item.text("words"),
                item.text("when"),
                first=item.flag("first"),
                optional=item.flag("optional"),
                quiet=item.flag("quiet"),
            )
            for item in document.entries("joined", ("command", "words", "when", "first", "optional", "quiet"))
        ),
        unrecorded=frozenset(word.required("name") for word in words if word.has("record") and not word.flag("record")),
        remakes=document.words("remakes"),
    )


def command_name(folder: Path) -> str:
    """Read a stub's command without parsing YAML, so that listing commands stays fast; `command` is its first key."""
    with (folder / "stub.yml").open(encoding="utf-8", errors="replace") as lines:
        first = next((line for line in lines if line.strip() and not line.startswith(("#", "---"))), "")
    key, _, value = first.partition(":")
    if key.strip("\ufeff") != "command":
        return f"make:{folder.name}".replace("_", "-")
    return value.partition(" #")[0].strip().strip("\"'")


def _spec(folder: Path, document: Entry, params: tuple[Param, ...]) -> CommandSpec:
    name = command_name(folder)
    if document.text("command", name) != name:
        raise CrashError(f"{document.where}: 'command' must be the first key", "commands are listed by that line alone")
    if not re.fullmatch(_COMMAND, name):
        message = f"{document.where}: '{name}' cannot be a command's name"
        raise CrashError(message, "lower-case letters, digits and '-', with one ':' at most; name it by `command:`")
    shared = [
        Param("answers", type="path", metavar="FILE|-", help="Read answers as JSON from a file or stdin."),
        Param("markers", type="bool", help="Write conflicts into the files, between markers, instead of refusing."),
    ]
    if any(param.many for param in params):
        help_text = "Read the fields from a YAML file."
        shared.insert(0, Param("fields", type="path", metavar="FILE.yml", help=help_text))
    return CommandSpec(
        name=name,
        summary=document.text("summary", f"Generate {folder.name}."),
        details=document.text("details"),
        examples=document.words("examples"),
        params=(*params, *shared),
        writes=True,
        overwrites=True,
    )


def _param(word: Entry) -> Param:
    kind = _word_type(word)
    choices = word.words("choices")
    default = _default(word, kind)
    if choices and default is not None and default not in choices:
        raise CrashError(f"{word.where}: the default '{default}' is none of its choices", ", ".join(choices))
    return Param(
        name=word.required("name"),
        kind="argument" if word.choice("kind", ("argument", "option"), "option") == "argument" else "option",
        type="bool" if kind == "bool" else "int" if kind == "int" else "str",
        default=default,
        required=word.flag("required"),
        many=kind == "fields",
        choices=choices,
        help=word.text("help"),
        metavar=word.text("metavar"),
        prompt=word.text("prompt"),
    )


def _word_type(word: Entry) -> WordType:
    return cast("WordType", word.choice("type", get_args(WordType), "str"))


def _default(word: Entry, kind: WordType) -> str | int | bool | None:
    if not word.has("default"):
        return None
    if kind == "fields":
        raise CrashError(f"{word.where}: fields have no 'default'")
    if kind == "bool":
        if word.flag("default"):
            raise CrashError(f"{word.where}: a flag is off by default", "name it for what it turns off: no_timestamps")
        return False
    return word.number("default", 0) if kind == "int" else word.text("default")


def _check_params(document: Entry, params: tuple[Param, ...]) -> None:
    """Refuse parameters that no command line could tell apart."""
    names = [param.name for param in params]
    for param in params:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", param.name):
            raise CrashError(f"{document.where}: the parameter '{param.name}' is not snake_case")
        if param.name in _TAKEN:
            raise CrashError(f"{document.where}: '{param.name}' is a word that every stub has", "rename the parameter")
        if names.count(param.name) > 1:
            raise CrashError(f"{document.where}: the parameter '{param.name}' is there twice")
        if param.required and param.default is not None:
            raise CrashError(f"{document.where}: '{param.name}' is required and has a default", "leave one of them out")
        if param.kind == "argument" and (param.type == "bool" or param.prompt):
            raise CrashError(f"{document.where}: '{param.name}' is an argument; only an option is a flag or asks")
    arguments = [param for param in params if param.kind == "argument"]
    for before, after in pairwise(arguments):
        if before.many or (after.required and not before.required):
            raise CrashError(f"{document.where}: '{after.name}' can never be told apart from '{before.name}' before it")
    if sum(param.many for param in params) > 1:
        raise CrashError(f"{document.where}: only one parameter can be of the type 'fields'")


def _file(item: Entry, folder: Path) -> StubFile:
    template = item.required("template")
    if not (folder / "tree" / template).is_file():
        raise CrashError(f"{item.where}: the template {template} is not in {folder.name}/tree")
    return StubFile(item.required("path"), template, item.text("when"), item.text("each"), edits=item.flag("edits"))


def _wire(item: Entry) -> Wire:
    kind = cast("WireKind", item.choice("edit", get_args(WireKind), ""))
    function = item.required("function") if kind in _IN_SOMETHING else item.text("function")
    return Wire(
        kind,
        item.required("file"),
        item.required("statement"),
        function,
        item.required("at") if kind in _AT_SOMETHING else item.text("at"),
        item.text("when"),
        item.text("each"),
    )
