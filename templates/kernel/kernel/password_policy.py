"""Which passwords are accepted: long ones that nobody would try first (NIST SP 800-63B, 3.1.1.2).

Demands for digits and signs are left out on purpose: people answer them with `Password1!`.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import ValidationError

_FEWEST_DIFFERENT = 5
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop")
_WORDS = frozenset(
    (
        "admin",
        "administrator",
        "changeme",
        "dragon",
        "football",
        "iloveyou",
        "letmein",
        "login",
        "master",
        "monkey",
        "password",
        "passwort",
        "princess",
        "qwerty",
        "secret",
        "sunshine",
        "superman",
        "trustno",
        "welcome",
        "contrasena",
        "motdepasse",
    )
)


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a password must be; the longest bounds the work of hashing, and is far above what people type."""

    shortest: int = 12
    longest: int = 128

    def check(self, password: str, *, about: Iterable[str] = (), field: str = "password") -> None:
        """Raise ValidationError naming the field; `about` are words of the account, such as its e-mail address.

        Its code says what is wrong, for clients with words of their own: `password_short`, `password_long`,
        `password_repeats`, `password_common` or `password_personal`.
        """
        found = self._problem(unicodedata.normalize("NFKC", password), about)
        if found is not None:
            code, problem = found
            raise ValidationError("This password cannot be accepted.", code=code, fields={field: problem})

    def _problem(self, password: str, about: Iterable[str]) -> tuple[str, str] | None:
        if len(password) < self.shortest:
            return "password_short", f"needs at least {self.shortest} characters"
        if len(password) > self.longest:
            return "password_long", f"has at most {self.longest} characters"
        plain = password.casefold()
        if len(set(plain)) < _FEWEST_DIFFERENT or _is_run(plain):
            return "password_repeats", "repeats itself, or is a row of keys"
        if re.fullmatch(rf"({'|'.join(sorted(_WORDS))})+", "".join(re.findall(r"[a-z]+", plain))):
            return "password_common", "is one of those that are tried first"
        if any(part in plain for part in _parts(about)):
            return "password_personal", "contains a part of the name or the e-mail address"
        return None


def _is_run(plain: str) -> bool:
    """Say whether a text is made of neighbours in the alphabet or on a keyboard, forwards or backwards."""
    lines = [*_ROWS, *(row[::-1] for row in _ROWS)]
    pairs = {line[at : at + 2] for line in lines for at in range(len(line) - 1)}
    breaks = sum(plain[at : at + 2] not in pairs for at in range(len(plain) - 1))
    return breaks <= len(plain) // 6


def _parts(about: Iterable[str]) -> list[str]:
    return [part for text in about for part in re.split(r"[^\w]+", text.casefold()) if len(part) >= 5]
