"""Names for functions, classes and modules of the project's own, which must not hide what Python or the project has."""

from __future__ import annotations

import builtins
import sys

from arckode_gen.engine import reserved
from arckode_gen.engine.names import identifier
from arckode_gen.errors import UsageError

_BUILTINS = frozenset(name.lower() for name in dir(builtins))


def free_name(word: str) -> str:
    """Return a word in snake_case, fit for a function and the module that it stands in.

    Raises:
        UsageError: it is no identifier, or Python has something of that name.
    """
    name = identifier(word)
    hint = f"choose another name, such as `{name}_value`"
    if name in reserved.PYTHON_WORDS:
        raise UsageError(f"{name!r} is a word of Python's own", hint)
    if name in _BUILTINS:
        raise UsageError(f"{name!r} would hide Python's own `{name}`", hint)
    if name in sys.stdlib_module_names:
        raise UsageError(f"{name!r} would hide the module `{name}` of the standard library", hint)
    return name
