"""Names for Python: whatever a document calls a thing, an identifier that is legal, free and always the same."""

from __future__ import annotations

import keyword
import unicodedata
from functools import cache

from arckode_gen.client import naming

# The builtins that a function or a parameter could hide. They are listed, and not asked of the Python that runs, so
# that the same document has the same client everywhere.
_BUILTINS = frozenset(
    "abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex "
    "copyright credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals "
    "hasattr hash help hex id input int isinstance issubclass iter len license list locals map max memoryview min next "
    "object oct open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str "
    "sum super tuple type vars zip".split()
)
_ERRORS = frozenset(
    f"{name}{end}"
    for end, names in {
        "Error": "Arithmetic Assertion Attribute BlockingIO BrokenPipe Buffer ChildProcess ConnectionAborted "
        "Connection ConnectionRefused ConnectionReset EOF Environment FileExists FileNotFound "
        "FloatingPoint IO Import Indentation Index Interrupted IsADirectory Key Lookup Memory "
        "ModuleNotFound Name NotADirectory NotImplemented OS Overflow Permission ProcessLookup "
        "PythonFinalization Recursion Reference Runtime Syntax System Tab Timeout Type UnboundLocal "
        "UnicodeDecode UnicodeEncode Unicode UnicodeTranslate Value ZeroDivision",
        "Warning": "Bytes Deprecation Encoding Future Import PendingDeprecation Resource Runtime Syntax Unicode User",
        "": "Warning Exception BaseException ExceptionGroup BaseExceptionGroup Ellipsis False True None NotImplemented "
        "GeneratorExit KeyboardInterrupt StopAsyncIteration StopIteration SystemExit",
    }.items()
    for name in names.split()
)
# What the files of types and of operations import or declare beside what the document names.
TYPES = _ERRORS | frozenset(
    "Annotated Answer AsyncGenerator Client Decimal Field File HttpError Literal Model Options Sent ServerEvent "
    "TypeAlias TypeAliasType UUID".split()
)
FUNCTIONS = frozenset(
    "annotations as_json cast client deep dt events form joined multipart options part sent spread text".split()
)
# What a field must not be called: attributes of pydantic's models, and the words that the other fields' types need.
_FIELDS = frozenset(
    "bool copy construct dict dt float from_orm int json list object parse_file parse_obj parse_raw schema schema_json "
    "str tuple update_forward_refs validate".split()
)


def snake(text: str) -> str:
    """Return the name of a function, parameter or module."""
    name = _snake(text)
    return f"{name}_" if keyword.iskeyword(name) or name in _BUILTINS else name


@cache
def field(text: str) -> str:
    """Return the name of a model's field."""
    name = _snake(text)
    taken = keyword.iskeyword(name) or name in _FIELDS or name.startswith("model_")
    return f"{name}_" if taken else name


@cache
def pascal(text: str) -> str:
    """Return the name of a type."""
    return unicodedata.normalize("NFKC", naming.pascal(text))


@cache
def _snake(text: str) -> str:
    name = unicodedata.normalize("NFKC", "_".join(naming.words(text)).lower())
    if not name:
        return "unnamed"
    return name if name[0].isalpha() else f"n{name}"


def module(text: str, taken: set[str]) -> str:
    """Return the name of a file without its ending; two never meet on a disk that ignores case."""
    words = _snake(naming.file_name(text, set()))
    words = f"{words}_" if keyword.iskeyword(words) else words
    name, number = f"{words}_api" if words in taken else words, 2
    while name in taken:
        name, number = f"{words}_{number}", number + 1
    taken.add(name)
    return name
