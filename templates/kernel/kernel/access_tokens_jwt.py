"""Access tokens as JSON Web Tokens (RFC 7519), signed with keys that can be changed without a break.

The header of a token is chosen by whoever sends it. So it decides nothing but which of our keys to try, and the
algorithm is the key's (RFC 8725, 3.1): neither `none` nor a public key used as a secret gets anywhere.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from .access_tokens import TOKENS, TokenKey, TokenSettings
from .app import Kernel
from .clock import Clock
from .errors import WiringError
from .token_claims import RESERVED, TokenClaims, check_custom, check_lifetime, expired, invalid

_Public = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey
_Private = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
_SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}  # RFC 7518, 3.2
_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1"}
_SMALLEST_RSA = 2048
_LONGEST_TOKEN = 8192


def provide_jwt_tokens(kernel: Kernel) -> None:
    """Make access tokens as JWT when TOKENS__PROVIDER says jwt."""
    settings = kernel.settings.of(TokenSettings)
    if settings.provider == "jwt":
        kernel.provide(TOKENS, JwtTokens(settings, kernel.clock, name=kernel.settings.app_name))


@dataclass(frozen=True, slots=True)
class _Key:
    """What a key does: `signing` is None where there is only its public half."""

    algorithm: str
    signing: bytes | _Private | None
    verifying: bytes | _Public


class JwtTokens:
    """Implements AccessTokens. Raises WiringError when it is made with a key that is none, or too weak."""

    def __init__(self, settings: TokenSettings, clock: Clock, *, name: str) -> None:
        self._clock = clock
        self._keys = {kid: _read(kid, key) for kid, key in settings.keys.items()}
        self._kid = settings.signs_with
        newest = self._keys[self._kid]
        if newest.signing is None:
            raise WiringError(f"the token key '{self._kid}' is public and cannot sign; it needs its private half")
        self._signing, self._algorithm = newest.signing, newest.algorithm
        self._issuer = settings.issuer or name
        self._audience = settings.audience or name
        self._lifetime = settings.lifetime
        self._leeway = timedelta(seconds=settings.leeway)

    async def issue(
        self, subject: str, *, claims: Mapping[str, object] | None = None, lifetime: float | None = None
    ) -> str:
        now = self._clock.now().replace(microsecond=0)
        until = now + timedelta(seconds=check_lifetime(self._lifetime if lifetime is None else lifetime))
        said = {
            **check_custom(claims),
            "aud": self._audience,
            "exp": int(until.timestamp()),
            "iat": int(now.timestamp()),
            "iss": self._issuer,
            "jti": secrets.token_hex(16),
            "sub": subject,
        }
        return jwt.encode(said, self._signing, algorithm=self._algorithm, headers={"kid": self._kid})

    async def verify(self, token: str) -> TokenClaims:
        try:
            claims = self._decode(token)
            issued, until = _moment(claims["iat"]), _moment(claims["exp"])
            start = _moment(claims["nbf"]) if "nbf" in claims else issued
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError):
            raise invalid() from None
        now = self._clock.now()
        if max(issued, start) > now + self._leeway:
            raise invalid()
        if until + self._leeway <= now:
            raise expired()
        custom = {name: value for name, value in claims.items() if name not in RESERVED}
        return TokenClaims(str(claims["sub"]), str(claims["jti"]), issued, until, custom)

    def _decode(self, token: str) -> dict[str, object]:
        if len(token) > _LONGEST_TOKEN:
            raise jwt.InvalidTokenError
        kid = jwt.get_unverified_header(token).get("kid")
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise jwt.InvalidTokenError
        return jwt.decode(
            token,
            key.verifying,
            algorithms=[key.algorithm],
            issuer=self._issuer,
            audience=self._audience,
            # The times are compared with our clock, which a test can set.
            options={
                "require": sorted(RESERVED - {"nbf"}),
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )


def _moment(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise jwt.InvalidTokenError
    return datetime.fromtimestamp(value, UTC)


def _read(kid: str, given: TokenKey) -> _Key:
    """Read a key and make sure that it is one for its algorithm. Raises WiringError, without showing it."""
    try:
        text = given.file.read_bytes() if given.file else (given.key.get_secret_value() if given.key else "").encode()
    except OSError as error:
        raise WiringError(f"the token key '{kid}' cannot be read from {given.file}: {error.strerror}") from None
    least = _SECRET_BYTES.get(given.algorithm)
    if least is None:
        return _read_pair(kid, given.algorithm, text)
    if b"-----BEGIN" in text:
        raise WiringError(f"the token key '{kid}' is a key in PEM, and {given.algorithm} needs a shared secret")
    secret = text.strip()
    if len(secret) < least:
        raise WiringError(f"the token key '{kid}' has {len(secret)} bytes; {given.algorithm} needs at least {least}")
    return _Key(given.algorithm, secret, secret)


def _read_pair(kid: str, algorithm: str, pem: bytes) -> _Key:
    try:
        if b"PUBLIC KEY-----" in pem:
            private, public = None, load_pem_public_key(pem)
        else:
            private = load_pem_private_key(pem, None)
            public = private.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WiringError(f"the token key '{kid}' is no key in PEM without a password") from None
    if not isinstance(public, _Public) or not isinstance(private, _Private | None) or not _fits(algorithm, public):
        raise WiringError(f"the token key '{kid}' is not one for {algorithm}")
    return _Key(algorithm, private, public)


def _fits(algorithm: str, key: _Public) -> bool:
    if isinstance(key, RSAPublicKey):
        return algorithm[:2] in {"RS", "PS"} and key.key_size >= _SMALLEST_RSA
    if isinstance(key, EllipticCurvePublicKey):
        return _CURVES.get(algorithm) == key.curve.name
    return algorithm == "EdDSA"
