"""One parse and one pass: source bytes in, facts out."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from arckode_analyzers.facts import newer
from arckode_analyzers.facts.visits import VISITS
from arckode_analyzers.facts.walk import Walk

if TYPE_CHECKING:
    from arckode_analyzers.facts.records import FileFacts


def extract(source: bytes) -> FileFacts:
    """Read one file.

    Raises:
        SyntaxError, ValueError, RecursionError: this Python cannot parse it.
    """
    readable = source
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            tree, readable = _newer(source, error)
    walk = Walk(VISITS)
    walk.run(tree)
    return walk.facts(readable)


def _newer(source: bytes, error: SyntaxError) -> tuple[ast.Module, bytes]:
    """Read syntax that a newer Python has; the error of this one is the one to report."""
    try:
        return newer.parse(source)
    except (SyntaxError, ValueError):
        raise error from None
