"""Secrets that are handed out once and stored only as a digest."""

import hashlib
import hmac
import secrets


def new_token(size: int = 32) -> str:
    """Make an unguessable, URL-safe token from `size` random bytes."""
    return secrets.token_urlsafe(size)


def digest(token: str) -> str:
    """What to store in place of a token: a fast digest is enough, since a token cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def matches(token: str, stored: str) -> bool:
    """Compare a token with a stored digest in constant time."""
    return hmac.compare_digest(digest(token), stored)
