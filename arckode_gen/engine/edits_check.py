"""The check after every edit of Python: the file still says all it said, in order, and exactly so much more.

Whole lines that came between two statements change nothing beyond these, so most edits are proven on the statements
around them; where that proves nothing the whole file is read again.
"""

from __future__ import annotations

import _ast as ast
import io
from bisect import bisect_left, bisect_right

from arckode_gen.engine.edits_source import BLOCKS, Source, UnreadableError, end_line, first_line, parse, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Said = tuple[tuple[str, ...], ...]


def adds_only(before: Source, after: bytes, added: int = 1) -> bool:
    """Tell whether the file still says all it said, in order, and exactly so many statements more."""
    around = _around(before, after)
    if around is not None and _adds(*around, added):
        return True
    try:
        file = read(after)
    except UnreadableError:
        return False
    return _adds(_said(before.lines, before.tree), _said(file.lines, file.tree), added)


def count_statements(text: str) -> int:
    """Return how many statements a piece of Python adds to a file, as `adds_only` counts them."""
    file = read(text.encode())
    return len(_said(file.lines, file.tree)) - 1


def _adds(old: Said, new: Said, added: int) -> bool:
    rest = iter(new)
    return len(new) == len(old) + added and all(statement in rest for statement in old)


def _around(before: Source, after: bytes) -> tuple[Said, Said] | None:
    """Return what the statements around a change say before and after it; None where they cannot be read alone."""
    old, new = before.lines, tuple(io.StringIO(after[len(before.mark) :].decode(before.encoding), newline=""))
    most = min(len(old), len(new))
    start = next((at for at in range(most) if old[at] != new[at]), most)
    rest = next((at for at in range(most - start) if old[-1 - at] != new[-1 - at]), most - start)
    block = _innermost(before.tree.body, start, len(old) - rest)
    near = _near(block, start, len(old) - rest)
    first = min([start, *(first_line(node) for node in near)])
    last = max([len(old) - rest, *(end_line(node) for node in near)])
    try:
        read_alone = _alone if block is before.tree.body else _in_a_block
        return read_alone(old[first:last]), read_alone(new[first : len(new) - len(old) + last])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _innermost(block: Sequence[ast.stmt], start: int, stop: int) -> Sequence[ast.stmt]:
    """Return the innermost list of statements, one below the other, that surround some lines."""
    for node in _near(block, start, stop):
        for inner in _blocks(node) if first_line(node) < start and stop < end_line(node) else ():
            if first_line(node) < first_line(inner[0]) <= start <= stop < end_line(inner[-1]):
                return _innermost(inner, start, stop)
    return block


def _near(block: Sequence[ast.stmt], start: int, stop: int) -> Sequence[ast.stmt]:
    """Return the statements of a list that lines touch, the one before them and the one after them."""
    before = bisect_right(block, start, key=end_line)
    after = bisect_left(block, stop, key=first_line)
    return block[max(before - 1, 0) : after + 1]


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in BLOCKS:
        held = getattr(node, name, None)
        if not isinstance(held, list) or not held:
            continue
        if isinstance(held[0], ast.stmt):
            yield held
        else:
            yield from (block for each in held for block in _blocks(each))


def _alone(lines: Sequence[str]) -> Said:
    """Read some lines as a file of their own."""
    return _said(lines, parse("".join(lines)))


def _in_a_block(lines: Sequence[str]) -> Said:
    """Read some indented lines as a file of their own.

    Raises:
        SyntaxError: they are not one block.
    """
    block = ("if 1:\n", *lines)
    tree = parse("".join(block))
    if len(tree.body) != 1:
        raise SyntaxError("a line is not indented as the others are")
    return _said(block, tree)


def _said(lines: Sequence[str], tree: ast.Module) -> Said:
    return tuple(_statements(lines, tree))


def _statements(lines: Sequence[str], node: ast.AST) -> Iterator[tuple[str, ...]]:
    """Walk statements in order, as their own lines: headers without their blocks, imports one name at a time.

    Equal lines under equal headers are equal trees, and comparing them costs much less than dumping trees.
    """
    for name in node._fields:
        value = getattr(node, name, None)
        if name not in BLOCKS or not isinstance(value, list):
            continue
        yield (name,)
        for child in value:
            if isinstance(child, ast.Import | ast.ImportFrom):
                module = f"{'.' * child.level}{child.module or ''}" if isinstance(child, ast.ImportFrom) else ""
                yield from (("import", module, alias.name, alias.asname or "") for alias in child.names)
            else:
                yield (type(child).__name__, *_own(lines, child))
                yield from _statements(lines, child)


def _own(lines: Sequence[str], node: ast.AST) -> Iterator[str]:
    """Yield the lines from a statement's first to the one before its block and the comments over that."""
    start, stop = _extent(node)
    inner = [_extent(child)[0] for name in BLOCKS for child in getattr(node, name, None) or []]
    last = max(min(inner), start + 1) if inner else stop
    while last - 1 > start and inner and lines[last - 1].strip()[:1] in {"", "#"}:
        last -= 1
    yield from (line.rstrip("\r\n") for line in lines[start:last])


def _extent(node: ast.AST) -> tuple[int, int]:
    if isinstance(node, ast.stmt):
        return first_line(node), end_line(node)
    if isinstance(node, ast.match_case):
        return node.pattern.lineno - 1, node.pattern.lineno
    start = getattr(node, "lineno", 1) - 1
    return start, start + 1
