"""Access tokens: short-lived proofs of who is calling, made and checked here, and what a request makes of them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final, Literal, Protocol, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from .access import Principal, PrincipalProvider
from .access_tokens_memory import MemoryTokens
from .errors import AuthError
from .ports import AdapterPort
from .settings import PortSettings
from .token_claims import TokenClaims, invalid

_BEARER = re.compile(r"Bearer +([^\s]+) *", re.IGNORECASE)
Algorithm = Literal["HS256", "HS384", "HS512", "RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


class TokenKey(BaseModel):
    """One key and the one algorithm it is for: a token that names another algorithm is refused.

    A public key in PEM checks tokens and makes none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    algorithm: Algorithm
    key: SecretStr | None = Field(default=None, description="The secret, or a key in PEM.")
    file: Path | None = Field(default=None, description="Where the key stands, instead.")

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.key is None) is (self.file is None):
            raise ValueError("say either KEY or FILE")
        return self


class TokenSettings(PortSettings):
    """How access tokens are made. Several keys are accepted at a time, so that they can be changed without a break."""

    added_by: ClassVar[Mapping[str, str]] = MappingProxyType({"jwt": "make:adapter jwt"})

    provider: Literal["memory", "jwt"] = "memory"
    keys: dict[str, TokenKey] = Field(default={}, description="By their id, which stands in the token as `kid`.")
    signing_key: str = Field(default="", description="The id of the key that new tokens are signed with.")
    issuer: str = Field(default="", description="Unless said, the application's name.")
    audience: str = Field(default="", description="Unless said, the application's name.")
    lifetime: float = Field(default=900.0, gt=0, description="Seconds until a token expires.")
    leeway: float = Field(default=10.0, ge=0, le=300, description="Seconds that clocks may differ.")

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if self.provider == "jwt" and not self.keys:
            raise ValueError(
                'jwt needs KEYS, such as {"2026": {"algorithm": "ES256", "file": "/run/secrets/token.pem"}}'
            )
        if self.provider == "jwt" and self.signs_with not in self.keys:
            raise ValueError(f"SIGNING_KEY must be one of the KEYS: {', '.join(sorted(self.keys))}")
        return self

    @property
    def signs_with(self) -> str:
        """Answer the id of the key for new tokens; the only one need not be said."""
        return self.signing_key or (next(iter(self.keys)) if len(self.keys) == 1 else "")


class AccessTokens(Protocol):
    """Makes tokens and reads them back."""

    async def issue(
        self, subject: str, *, claims: Mapping[str, object] | None = None, lifetime: float | None = None
    ) -> str:
        """Make a token for a subject, good for `lifetime` seconds unless the settings' time is meant.

        Raises ProgrammingError for claims that are not JSON or that every token has already.
        """
        ...

    async def verify(self, token: str) -> TokenClaims:
        """Answer what a token says. Raises AuthError, whatever is wrong; its code tells an expired one apart."""
        ...


TOKENS: Final[AdapterPort[AccessTokens]] = AdapterPort(TokenSettings, MemoryTokens)


def principal_of(claims: TokenClaims) -> Principal:
    """Read a caller from the claims `tenant` and `permissions`. Raises AuthError for what is not such a claim."""
    tenant, permissions = claims.custom.get("tenant"), claims.custom.get("permissions", [])
    if not isinstance(permissions, list) or not all(isinstance(each, str) for each in permissions):
        raise invalid()
    return Principal(_id(claims.subject), None if tenant is None else _id(tenant), frozenset(permissions))


def bearer(tokens: AccessTokens, read: Callable[[TokenClaims], Principal] = principal_of) -> PrincipalProvider:
    """Make what `Kernel.authenticate_with` takes: the caller of a request is the subject of its bearer token."""

    async def authenticate(authorization: str | None) -> Principal | None:
        if authorization is None:
            return None
        found = _BEARER.fullmatch(authorization)
        if found is None:
            raise AuthError("Send the token as `Authorization: Bearer ...`.")
        return read(await tokens.verify(found[1]))

    return authenticate


def _id(value: object) -> UUID:
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise invalid() from None
