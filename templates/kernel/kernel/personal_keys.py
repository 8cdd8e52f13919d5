"""The keys of people, and what is sealed with them: AES-256-GCM (NIST SP 800-38D), each text bound to its place."""

import base64
import hmac
import json
import secrets
from collections.abc import Collection, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, update

from .database import Database
from .errors import ConflictError, NotFoundError, ProgrammingError
from .fields import table_of
from .ids import new_id
from .inserts import insert_unless_there
from .personal_table import PersonalKeyRow

_KEYS = table_of(PersonalKeyRow)
_KEY = 32
_NONCE = 12
_LONGEST = 200


class ForgottenError(ConflictError):
    """The person was forgotten, and nothing about it is stored any more; whoever comes back is a new person."""

    default_code = "person_forgotten"


class Key:
    """The key of one person."""

    def __init__(self, secret: str) -> None:
        self._secret = base64.b64decode(secret, validate=True)
        self._cipher = AESGCM(self._secret)

    def seal(self, value: object, place: str) -> str:
        """Answer a value that JSON has as a text that can only be opened at a place."""
        nonce = secrets.token_bytes(_NONCE)
        clear = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, clear, place.encode())).decode()

    def digest(self, value: object, place: str) -> str:
        """Answer what tells whether two values at a place are the same, to nobody without this key."""
        # A key of its own, since the cipher's has one use (NIST SP 800-57, 5.2).
        own = hmac.digest(self._secret, b"digest", "sha256")
        return hmac.digest(own, f"{place}\0{json.dumps(value, sort_keys=True)}".encode(), "sha256").hex()

    def open(self, sealed: str, place: str) -> object:
        """Answer what was sealed. Raises ProgrammingError for what this key did not seal, or at another place."""
        try:
            raw = base64.b64decode(sealed, validate=True)
            clear = self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise ProgrammingError(f"{place} cannot be opened: it was sealed with another key, or elsewhere") from error
        value: object = json.loads(clear.decode("utf-8", "surrogatepass"))
        return value


class PersonalKeys:
    """Keeps a key for each person in the project's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, subjects: Collection[str]) -> dict[str, Key | None]:
        """Answer keys by their people, None for who was forgotten; who never had one is left out."""
        if not subjects:
            return {}
        wanted = select(_KEYS.c.subject, _KEYS.c.secret).where(_KEYS.c.subject.in_(sorted(subjects)))
        async with self._database.session() as session:
            rows = (await session.execute(wanted)).all()
        return {row.subject: Key(row.secret) if row.secret else None for row in rows}

    async def hold(self, subjects: Collection[str]) -> Mapping[str, Key]:
        """Answer keys to seal with in the running transaction, made where there is none yet.

        Until it ends nobody is forgotten. Raises ForgottenError for who was, and ProgrammingError for nobody.
        """
        for subject in subjects:
            if not 0 < len(subject) <= _LONGEST:
                raise ProgrammingError(f"'{subject}' is no person: an id has 1 to {_LONGEST} characters")
        there = select(_KEYS.c.subject, _KEYS.c.secret).where(_KEYS.c.subject.in_(sorted(subjects)))
        async with self._database.transaction() as session:
            rows = (await session.execute(there.with_for_update(read=True))).all()
            missing = set(subjects) - {row.subject for row in rows}
            for subject in sorted(missing):
                secret = base64.b64encode(secrets.token_bytes(_KEY)).decode()
                now = self._database.clock.now()
                new = {"id": new_id(), "subject": subject, "secret": secret, "created_at": now, "forgotten_at": None}
                await session.execute(insert_unless_there(self._database.dialect, _KEYS, new, "subject"))
            if missing:
                rows = (await session.execute(there.with_for_update(read=True))).all()
        for row in rows:
            if row.secret is None:
                raise ForgottenError(f"{row.subject} was forgotten; nothing personal is stored under this id any more")
        return {row.subject: Key(row.secret) for row in rows}

    async def forget(self, subject: str) -> bool:
        """Destroy a key for good, once what is being stored with it has been; False when that had happened before.

        Raises NotFoundError for who never had one.
        """
        own = _KEYS.c.subject == subject
        gone = update(_KEYS).where(own).values(secret=None, forgotten_at=self._database.clock.now())
        async with self._database.transaction() as session:
            row = (await session.execute(select(_KEYS.c.secret).where(own).with_for_update())).one_or_none()
            if row is None:
                raise NotFoundError(f"nothing personal was ever stored about '{subject}'")
            if row.secret is not None:
                await session.execute(gone)
        return row.secret is not None
