"""What one file says, as flat records that a cache stores without conversion; indices point within the same file.

Function 0 is the module's own code. An index of -1 means "none".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape

VERSION = "2"


class Import(NamedTuple):
    """One bound name; `name` is empty for `import module` and `*` for a star."""

    function: int
    local: str
    module: str
    name: str
    level: int
    kind: str
    line: int
    column: int


class Parameter(NamedTuple):
    """One parameter; `kind` is `positional`, `keyword` or `rest`."""

    function: int
    name: str
    annotation: Shape | None
    default: Shape | None
    kind: str
    line: int
    column: int


class Function(NamedTuple):
    """A function, method or lambda; `is_stub` says that its body does nothing, as in a protocol."""

    name: str
    parent: int
    owner: int
    line: int
    column: int
    is_stub: bool
    is_generator: bool
    returns: Shape | None
    decorators: tuple[Shape, ...]


class Class(NamedTuple):
    """A class statement with its bases as written."""

    name: str
    function: int
    owner: int
    line: int
    column: int
    bases: tuple[Shape, ...]
    keywords: tuple[tuple[str, Shape], ...]
    decorators: tuple[Shape, ...]


class Binding(NamedTuple):
    """A target that receives a value by `=`, a loop, a `with`; a bare annotation has no value."""

    function: int
    owner: int
    target: Shape
    annotation: Shape | None
    value: Shape | None
    how: str
    loops: tuple[int, ...]
    line: int
    column: int


class Call(NamedTuple):
    """A call; `loops` holds the loops that repeat it, `memo` the container that remembers its result.

    A memo of `("once", x)` says that the call runs only while `x` is empty and fills it. `discarded` says that nothing
    takes the result.
    """

    function: int
    func: Shape
    args: tuple[Shape, ...]
    keywords: tuple[tuple[str, Shape], ...]
    loops: tuple[int, ...]
    memo: Shape | None
    discarded: bool
    line: int
    column: int

    @property
    def shape(self) -> Shape:
        return ("call", self.func, self.args, self.keywords)


class Loop(NamedTuple):
    """A loop; for a `while`, `source` is its test."""

    function: int
    kind: str
    target: Shape
    source: Shape
    line: int
    column: int


class Result(NamedTuple):
    """A value that a function returns or yields, and the loops around it."""

    function: int
    value: Shape
    how: str
    loops: tuple[int, ...]
    line: int
    column: int


class Ignore(NamedTuple):
    """A suppression comment: the lines it covers, its codes and its reason."""

    line: int
    first: int
    last: int
    codes: tuple[str, ...]
    until: str
    reason: str


class FileFacts(NamedTuple):
    """Everything the rules may know about one file."""

    imports: tuple[Import, ...]
    parameters: tuple[Parameter, ...]
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    bindings: tuple[Binding, ...]
    calls: tuple[Call, ...]
    loops: tuple[Loop, ...]
    results: tuple[Result, ...]
    ignores: tuple[Ignore, ...]


def pack(facts: FileFacts) -> tuple[tuple[tuple[object, ...], ...], ...]:
    """Return the facts as plain tuples, which is all that `marshal` writes."""
    return tuple(tuple(tuple(record) for record in group) for group in facts)


def unpack(packed: tuple[tuple[tuple[object, ...], ...], ...]) -> FileFacts:
    """Return the facts that `pack` flattened."""
    imports, parameters, functions, classes, bindings, calls, loops, results, ignores = packed
    return FileFacts(
        tuple(map(Import._make, imports)),
        tuple(map(Parameter._make, parameters)),
        tuple(map(Function._make, functions)),
        tuple(map(Class._make, classes)),
        tuple(map(Binding._make, bindings)),
        tuple(map(Call._make, calls)),
        tuple(map(Loop._make, loops)),
        tuple(map(Result._make, results)),
        tuple(map(Ignore._make, ignores)),
    )
