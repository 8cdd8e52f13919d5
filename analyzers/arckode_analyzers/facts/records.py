"""What one file says, as flat records that a cache stores without conversion; indices point within the same file.

Function 0 is the module's own code. An index of -1 means "none".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from arckode_analyzers.facts.shapes import Shape

VERSION = "14"


class Import(NamedTuple):
    """One bound name; `name` is empty for `import module` and `*` for a star. `is_tried` says it stands in a `try`."""

    function: int
    local: str
    module: str
    name: str
    level: int
    kind: str
    line: int
    column: int
    is_tried: bool = False


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
    is_async: bool = False


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
    blocks: tuple[int, ...] = ()


class Call(NamedTuple):
    """A call; `loops` holds the loops that repeat it, `memo` the container that remembers its result.

    A memo of `("once", x)` says that the call runs only while `x` is empty and fills it, one of `("kept", x)` that the
    store `x` was asked first and is told afterwards. `discarded` says that nothing
    takes the result. `blocks` holds the conditions, `with` and `try` statements around it, outermost first.
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
    blocks: tuple[int, ...] = ()

    @property
    def shape(self) -> Shape:
        return ("call", self.func, self.args, self.keywords)

    def is_shape(self, shape: Shape) -> bool:
        """Tell whether an expression is this call as written."""
        return shape[0] == "call" and shape[1:] == (self.func, self.args, self.keywords)


class Loop(NamedTuple):
    """A loop; for a `while`, `source` is its test."""

    function: int
    kind: str
    target: Shape
    source: Shape
    line: int
    column: int


class Result(NamedTuple):
    """A value that a function returns or yields, and the loops and blocks around it."""

    function: int
    value: Shape
    how: str
    loops: tuple[int, ...]
    line: int
    column: int
    blocks: tuple[int, ...] = ()


class Block(NamedTuple):
    """Statements that run under a condition or inside a context.

    `kind` is `if`, `else`, `case`, `assert`, `filter` (of a comprehension), `then` and `otherwise` (of
    `x if t else y`), `with`, `try`, `except`, `finally`. `test` is the condition, the subject and pattern values of a
    `match`, the context manager or the exceptions. `ends` says that control never runs past the block's end: it
    returns, raises, continues or breaks. `blocks` are the blocks around it.
    """

    function: int
    kind: str
    test: Shape
    ends: bool
    blocks: tuple[int, ...]
    line: int
    column: int


class Raise(NamedTuple):
    """A `raise`; without a value it hands on what was caught."""

    function: int
    value: Shape | None
    blocks: tuple[int, ...]
    line: int
    column: int


class Read(NamedTuple):
    """An attribute that is read: the whole chain as written, never the function of a call."""

    function: int
    value: Shape
    loops: tuple[int, ...]
    blocks: tuple[int, ...]
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


class Mark(NamedTuple):
    """Something that is no Python and that a rule may look at: what it is, where, and in which words.

    | what | name | detail |
    |---|---|---|
    | `import` | the module it names | `type` when only types come from there |
    | `global` | what of the browser is used: `fetch`, `localStorage` ... | |
    | `client` | a constant that sends requests, and is exported | |
    | `request` | the path, with `{}` for what is computed | method, and who sends it |
    | `any` | | |
    | `link` | the address of an `<a>` | |
    | `html` | what puts markup into a page: `v-html`, `innerHTML` ... | |
    | `options` | `export default` or `defineStore` | |
    | `style` | | |
    | `variable` | what the environment is given that chooses a provider | its value |
    """

    what: str
    line: int
    column: int
    name: str = ""
    detail: str = ""


class FileFacts(NamedTuple):
    """Everything the rules may know about one file.

    `implied` holds the calls that are written as operators: `x[y]` with a computed key, and `y in x`. `marks` is all
    there is of a file of the front end or of the environment.
    """

    imports: tuple[Import, ...]
    parameters: tuple[Parameter, ...]
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    bindings: tuple[Binding, ...]
    calls: tuple[Call, ...]
    loops: tuple[Loop, ...]
    results: tuple[Result, ...]
    ignores: tuple[Ignore, ...]
    blocks: tuple[Block, ...] = ()
    raises: tuple[Raise, ...] = ()
    reads: tuple[Read, ...] = ()
    implied: tuple[Call, ...] = ()
    marks: tuple[Mark, ...] = ()


_RECORDS: tuple[type, ...] = (
    Import,
    Parameter,
    Function,
    Class,
    Binding,
    Call,
    Loop,
    Result,
    Ignore,
    Block,
    Raise,
    Read,
    Call,
    Mark,
)


def pack(facts: FileFacts) -> tuple[tuple[tuple[object, ...], ...], ...]:
    """Return the facts as plain tuples, which is all that `marshal` writes."""
    return tuple(tuple(map(tuple, group)) for group in facts)


def unpack(packed: tuple[tuple[tuple[object, ...], ...], ...]) -> FileFacts:
    """Return the facts that `pack` flattened."""
    groups = (tuple(map(kind._make, rows)) for kind, rows in zip(_RECORDS, packed, strict=True))  # type: ignore[attr-defined]  # named tuples, each with `_make`
    return FileFacts(*groups)
