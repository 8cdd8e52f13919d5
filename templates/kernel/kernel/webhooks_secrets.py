"""Secrets of web-hooks at rest: AES-256-GCM (NIST SP 800-38D) under a key of the settings, each bound to its row.

Whoever reads the table, or a copy of it, cannot sign as we do; and no text is good in another row.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import UnavailableError

_KEY = 32
_NONCE = 12
_CLEAR = "whsec_"


class SecretBox:
    """Keeps secrets under the first of some keys, and reads those of all of them; without a key they stay readable."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError for a text that is no key."""
        self._keys = {_id_of(key): AESGCM(key) for key in map(_read_key, keys)}
        self._current = next(iter(self._keys), "")

    def keep(self, row: UUID, secret: str) -> str:
        """Answer what to store of a row's secret."""
        if not self._current:
            return secret
        nonce = secrets.token_bytes(_NONCE)
        raw = base64.b64decode(secret.removeprefix(_CLEAR), validate=True)
        sealed = nonce + self._keys[self._current].encrypt(nonce, raw, row.bytes)
        return f"{self._current}.{base64.b64encode(sealed).decode()}"

    def read(self, row: UUID, stored: str) -> str:
        """Answer a row's secret. Raises UnavailableError when its key is not among the settings."""
        if stored.startswith(_CLEAR):
            return stored
        key_id, _, text = stored.partition(".")
        try:
            sealed = base64.b64decode(text, validate=True)
            raw = self._keys[key_id].decrypt(sealed[:_NONCE], sealed[_NONCE:], row.bytes)
        except (KeyError, InvalidTag, ValueError) as error:
            message = f"the secret of web-hook {row} cannot be read; is WEBHOOKS__OLD_KEY the key it was stored with?"
            raise UnavailableError(message) from error
        return _CLEAR + base64.b64encode(raw).decode()

    def is_current(self, stored: str) -> bool:
        """Tell whether it would be stored as it is, with the key of today."""
        return not self._current or stored.startswith(f"{self._current}.")


def _read_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY:
        raise ValueError("a key for the secrets of web-hooks is 32 bytes in base64, as `openssl rand -base64 32` makes")
    return key


def _id_of(key: bytes) -> str:
    """Name a key, without telling anything about it, so that a row says which it needs."""
    return hashlib.sha256(b"webhook secrets " + key).hexdigest()[:8]
