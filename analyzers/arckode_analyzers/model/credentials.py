"""Texts that are real credentials by their own form: a prefix nobody else uses, a length, a checksum if there is one.

A random-looking text alone proves nothing; documented examples, placeholders and development defaults are none.
"""

from __future__ import annotations

import binascii
import re
import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PLACEHOLDER = re.compile(
    r"example|placeholder|change|dummy|redacted|your|xxx|\*\*|\.\.\.|<|>|\{|\}|\$|1234567|abcdef|test|fake|sample",
    re.IGNORECASE,
)
_PLAIN_PASSWORDS = frozenset(
    "password passwd pass pwd secret admin root postgres mysql user guest test dev development local letmein "
    "mypassword app".split()
)
_NEAR_HOSTS = re.compile(
    r"(?:localhost|[^.]+|127\.[0-9.]+|0\.0\.0\.0|\[::1\]|.*\.(?:local|localhost|test|example|invalid|internal|docker)"
    r"|(?:.*\.)?example\.(?:com|org|net))",
    re.IGNORECASE,
)
_URL = re.compile(r"\b([a-z][a-z0-9+]{1,20})://([^\s:/@]*):([^\s/@]+)@([^\s/:?#]+)", re.IGNORECASE)
_KEY = re.compile(r"-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----\s+(?:[A-Za-z-]+: [^\n]*\n)*\s*([A-Za-z0-9+/=\s]{100,})")


def _varied(text: str) -> bool:
    return len(set(text)) >= 8 and not _PLACEHOLDER.search(text)


def _checked(token: str) -> bool:
    """Tell whether the last six characters are the CRC of what is between them and the prefix."""
    body, given = token.rpartition("_")[2][:-6], token[-6:]
    number, digits = binascii.crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    lower = _BASE62.swapcase()
    swapped = "".join(lower[_BASE62.index(each)] for each in digits)
    return given in {digits.rjust(6, "0"), swapped.rjust(6, "0")}


_FORMS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("a GitHub token", re.compile(r"\bgh[pousr]_[0-9A-Za-z]{36}\b"), _checked),
    ("an npm token", re.compile(r"\bnpm_[0-9A-Za-z]{36}\b"), _checked),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"), _varied),
    ("a Stripe live key", re.compile(r"\b[rs]k_live_[0-9A-Za-z]{24,}\b"), lambda text: _varied(text[8:])),
    ("a Slack token", re.compile(r"\bxox[baprs]-[0-9]{8,}-[0-9]{8,}-[0-9A-Za-z-]{20,}\b"), _varied),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"), _varied),
    ("a GitLab token", re.compile(r"\bglpat-[0-9A-Za-z_-]{20,}\b"), lambda text: _varied(text[6:])),
    ("a SendGrid key", re.compile(r"\bSG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}\b"), _varied),
    ("a PyPI token", re.compile(r"\bpypi-AgEIcHlwaS5vcmc[0-9A-Za-z_-]{50,}\b"), _varied),
)
HINTS = re.compile(
    rb"gh[pousr]_|npm_|AKIA|ASIA|k_live_|xox[baprs]-|AIza|glpat-|SG\.|pypi-AgEI|PRIVATE KEY|://[^\s/@]*:[^\s/@]+@"
)


def credential(text: str) -> tuple[str, str] | None:
    """Return what kind of credential a text holds and the part that shows it, or None."""
    for kind, pattern, is_real in _FORMS:
        for match in pattern.finditer(text):
            if is_real(match[0]):
                return kind, match[0]
    key = _KEY.search(text)
    if key is not None and _varied(key[2]):
        return "a private key", f"-----BEGIN {key[1]}-----"
    url = _URL.search(text)
    if url is not None and _is_real_password(url[2], url[3], url[4]):
        return f"the password in a URL ({url[1].lower()}:)", url[0]
    return None


def _is_real_password(user: str, password: str, host: str) -> bool:
    if _PLACEHOLDER.search(password) or _PLACEHOLDER.search(host) or _NEAR_HOSTS.fullmatch(host):
        return False
    plain = password.lower()
    return len(password) >= 6 and plain != user.lower() and plain not in _PLAIN_PASSWORDS
