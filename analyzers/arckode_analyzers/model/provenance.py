"""Where a value comes from: the request, the caller's proof of who they are, or a row that somebody asked for."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from arckode_analyzers.model.sinks import words


class Origin(NamedTuple):
    """One source of a value.

    `row` is a row that was asked for by `roots`, the names of the request's parameters, and not yet compared with the
    caller; a `trusted` one was. `incoming` is the request object itself, `class` a model handed around.
    """

    kind: Literal["caller", "request", "row", "trusted", "unknown", "incoming", "class"]
    name: str = ""
    model: str = ""
    roots: frozenset[str] = frozenset()


Origins: TypeAlias = frozenset[Origin]

NOTHING: Origins = frozenset()
CALLER: Origins = frozenset({Origin("caller")})
TRUSTED: Origins = frozenset({Origin("trusted")})
UNKNOWN: Origins = frozenset({Origin("unknown")})
INCOMING: Origins = frozenset({Origin("incoming")})
REQUEST: Origins = frozenset({Origin("request", "request")})

EVERYTHING = "*"

PERMISSIONS = words("kernel.Principal.permissions kernel.CurrentPrincipal.permissions")

# Only somebody who holds a secret can make these answer; what they answer is the caller's own.
PROOFS = words(
    "jwt.decode jose.jwt.decode jose.jwt.get_unverified_claims authlib.jose.jwt.decode jwt.PyJWT.decode"
    " kernel.current_principal firebase_admin.auth.verify_id_token google.oauth2.id_token.verify_oauth2_token"
)
# A handler that makes or checks a credential is itself the authentication.
CREDENTIALS = words(
    "jwt.encode jose.jwt.encode authlib.jose.jwt.encode hmac.compare_digest secrets.compare_digest hmac.new"
    " hmac.HMAC bcrypt.checkpw bcrypt.hashpw stripe.Webhook.construct_event"
)
CREDENTIAL_OWNERS = words(
    "passlib.context.CryptContext pwdlib.PasswordHash argon2.PasswordHasher itsdangerous.URLSafeTimedSerializer"
    " itsdangerous.URLSafeSerializer itsdangerous.TimestampSigner svix.webhooks.Webhook standardwebhooks.Webhook"
)


def kinds(origins: Origins) -> set[str]:
    return {origin.kind for origin in origins}


def rows_of(origins: Origins) -> list[Origin]:
    """Return the rows among some origins, in a stable order."""
    return sorted((origin for origin in origins if origin.kind == "row"), key=lambda origin: origin.name)


def requested(origins: Origins) -> frozenset[str]:
    """Return the request's parameters that a value is made of, or nothing when anything else is part of it."""
    if kinds(origins) - {"request", "class", "incoming"}:
        return frozenset()
    return asked(origins)


def asked(origins: Origins) -> frozenset[str]:
    """Return every parameter of the request that has a part in a value."""
    return frozenset(origin.name for origin in origins if origin.kind == "request")


def is_vouched(row: Origin, vouched: frozenset[str]) -> bool:
    return EVERYTHING in vouched or row.name in vouched or bool(row.roots & vouched)


def is_proof(origins: Origins, vouched: frozenset[str]) -> bool:
    """Tell whether comparing with a value proves something: it does not come from the request alone."""
    if kinds(origins) & {"caller", "trusted", "unknown"}:
        return True
    rows = rows_of(origins)
    return bool(rows) and all(is_vouched(row, vouched) for row in rows)
