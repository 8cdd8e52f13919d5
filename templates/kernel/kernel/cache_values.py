"""What every cache does with a value: it becomes text, and only for a time."""

import json

from .errors import ProgrammingError


def encode(key: str, value: object) -> str:
    """Answer the value as JSON on one line. Raises ProgrammingError naming the key of what is none."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise ProgrammingError(
            f"the value for the cache key '{key}' is not JSON ({error}); of a schema, keep `model_dump(mode='json')`"
        ) from error


def check_ttl(key: str, ttl: float) -> None:
    """Raise ProgrammingError unless something could be kept that long."""
    if not 0 < ttl < float("inf"):
        raise ProgrammingError(f"the cache key '{key}' has a ttl of {ttl} seconds; it must be more than 0")
