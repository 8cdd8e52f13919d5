"""What an access token says, and the errors that every implementation answers a bad one with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .errors import AuthError, ProgrammingError

RESERVED = frozenset({"aud", "exp", "iat", "iss", "jti", "nbf", "sub"})


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """A token that was checked; `custom` are the claims it was made with."""

    subject: str
    token_id: str
    issued_at: datetime
    expires_at: datetime
    custom: Mapping[str, object]


def check_custom(claims: Mapping[str, object] | None) -> dict[str, object]:
    """Answer claims as they come out of JSON. Raises ProgrammingError for those that cannot be a token's."""
    taken = RESERVED & set(claims or ())
    if taken:
        raise ProgrammingError(f"every token has {', '.join(sorted(taken))} already; give the claim another name")
    try:
        return dict(json.loads(json.dumps(dict(claims or {}), allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise ProgrammingError(f"the claims of a token must be JSON ({error})") from error


def check_lifetime(seconds: float) -> float:
    """Answer for how long a token is good. Raises ProgrammingError unless it is for some time."""
    if not 0 < seconds < float("inf"):
        raise ProgrammingError(f"a token is good for more than 0 seconds, not {seconds}")
    return seconds


def invalid() -> AuthError:
    """Make the error for a token that is wrong; it does not say how, which would help only a forger."""
    return AuthError("The token is not valid.", code="token_invalid")


def expired() -> AuthError:
    """Make the error for a token that was good once: who sent it may fetch another."""
    return AuthError("The token has expired.", code="token_expired")
