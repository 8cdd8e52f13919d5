"""Writes a large, realistic code base to measure on: modules of our layout beside plain FastAPI and SQLAlchemy code.

The same numbers give the same bytes. Write one with `python -m tests.bench.trees FOLDER [files] [lines]`.
"""

# ruff: noqa: E501, ISC004  # code written in code reads better when a line of it is a line
from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES, LINES = 5_000, 1_200_000
_NOUNS = (
    "order invoice customer product shipment payment refund ticket article review basket voucher depot lease".split()
)
_VERBS = "collect prepare archive release settle notify compare merge publish assign rebuild confirm withdraw".split()
_FIELDS = "name status total currency note reference priority region channel quantity weight source".split()
_KERNEL = {
    "__init__.py": "",
    "app.py": "class Kernel:\n    def register_model(self, model): ...\n    def include(self, router): ...\n",
    "repository.py": (
        "from typing import Generic, TypeVar\n\nRow = TypeVar('Row')\n\n\nclass RepositoryAdapter(Generic[Row]):\n"
        "    async def find_by_id(self, key): ...\n    async def find_by_ids(self, keys): ...\n"
        "    async def find_many(self, **filters): ...\n    async def create(self, data): ...\n"
    ),
}


# The plain areas have no services, modules have no repositories and nothing has tests: rules about that would say so
# thousands of times, and what would be measured is the writing of findings.
_PROJECT = """\
[project]
name = "mall"
version = "1"

[tool.arckode]
ignore = ["ARC101", "ARC403", "ARC503", "ARC504"]
"""


def write(root: Path, files: int = FILES, lines: int = LINES) -> None:
    """Write a tree of about so many files and lines."""
    for path, text in _tree(files, lines * 7 // (6 * files)):  # packages and short files weigh less than they ask for
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _tree(files: int, length: int) -> Iterator[tuple[str, str]]:
    yield "pyproject.toml", _PROJECT
    for name, text in _KERNEL.items():
        yield f"src/mall/kernel/{name}", text
    yield "src/mall/__init__.py", ""
    yield "src/mall/db.py", _DATABASE
    units = max(1, (files - 5) // (len(_MODULE) + len(_PLAIN)))
    names = [f"{_NOUNS[number % len(_NOUNS)]}s{number}" for number in range(units)]
    for number, unit in enumerate(names):
        for folder, kinds in ((f"src/mall/modules/{unit}", _MODULE), (f"src/mall/area_{unit}", _PLAIN)):
            for file, build in kinds.items():
                unsure = random.Random(f"{folder}/{file}")  # the same bytes every time
                tables = unit if kinds is _MODULE else f"area_{unit}"
                yield f"{folder}/{file}", _File(unit, names[number - 1], tables, unsure, length).text(build)
    yield "src/mall/composition_root.py", _root(names)


def _root(names: list[str]) -> str:
    imports = "".join(f"from mall.modules.{name} import register_{name}\n" for name in names)
    calls = "".join(f"    register_{name}(kernel)\n" for name in names)
    return f"from mall.kernel.app import Kernel\n{imports}\n\ndef compose() -> Kernel:\n    kernel = Kernel()\n{calls}    return kernel\n"


class _File:
    """One file in the making: pieces are added until it is about as long as wanted."""

    def __init__(self, unit: str, other: str, tables: str, unsure: random.Random, length: int) -> None:
        self.unit = unit
        self.tables = tables
        self.other = other
        self.model = unit.capitalize()
        self.unsure = unsure
        self.length = max(20, round(length * unsure.choice((0.25, 0.6, 1.0, 1.25, 2.0))))

    def text(self, build: Callable[[_File], Iterator[str]]) -> str:
        pieces: list[str] = []
        size = 0
        for piece in build(self):
            pieces.append(piece)
            size += piece.count("\n")
            if size > self.length and len(pieces) > 1:
                break
        return "".join(pieces)

    def numbers(self) -> range:
        return range(400)

    def verb(self, number: int) -> str:
        return f"{_VERBS[number % len(_VERBS)]}_{self.unsure.choice(_FIELDS)}_{number}"

    def field(self) -> str:
        return self.unsure.choice(_FIELDS)


def _init(file: _File) -> Iterator[str]:
    unit, model = file.unit, file.model
    yield (
        f"from mall.kernel.app import Kernel\nfrom mall.modules.{unit}.controller import router\n"
        f"from mall.modules.{unit}.model import {model}\n\n\ndef register_{unit}(kernel: Kernel) -> None:\n"
        f"    kernel.register_model({model})\n    kernel.include(router)\n"
    )


def _model(file: _File) -> Iterator[str]:
    yield (
        "from __future__ import annotations\n\nfrom sqlalchemy import ForeignKey, Integer, String\n"
        "from sqlalchemy.orm import Mapped, mapped_column, relationship\n\nfrom mall.db import Base\n\n\n"
        f"class {file.model}(Base):\n    __tablename__ = '{file.tables}'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        + "".join(f"    {name}: Mapped[str] = mapped_column(String(80))\n" for name in _FIELDS)
    )
    for number in file.numbers():
        name = f"{file.model}Line{number}"
        yield (
            f"\n\nclass {name}(Base):\n    __tablename__ = '{file.tables}_line_{number}'\n\n"
            "    id: Mapped[int] = mapped_column(Integer, primary_key=True)\n"
            f"    owner_id: Mapped[int] = mapped_column(ForeignKey('{file.tables}.id'))\n"
            f"    {file.field()}: Mapped[str] = mapped_column(String(40), default='')\n"
            f"    owner: Mapped[{file.model}] = relationship()\n\n    @property\n    def label(self) -> str:\n"
            f"        return f'{name} {{self.id}}'\n"
        )


def _schemas(file: _File) -> Iterator[str]:
    yield "from __future__ import annotations\n\nfrom datetime import datetime\n\nfrom pydantic import BaseModel, Field\n"
    for number in file.numbers():
        fields = "".join(
            f"    {name}: str = Field(default='', max_length=80)\n" for name in sorted({file.field(), file.field()})
        )
        yield f"\n\nclass {file.model}View{number}(BaseModel):\n    id: int\n    at: datetime | None = None\n{fields}"


def _service(file: _File) -> Iterator[str]:
    model = file.model
    yield (
        "from __future__ import annotations\n\nfrom mall.kernel.repository import RepositoryAdapter\n"
        f"from mall.modules.{file.unit}.model import {model}\n\n\nclass {model}Service:\n"
        f'    """What can be done with {file.unit}."""\n\n'
        f"    def __init__(self, rows: RepositoryAdapter[{model}]) -> None:\n        self._rows = rows\n"
    )
    for number in file.numbers():
        name, field = file.verb(number), file.field()
        body = file.unsure.choice(
            (
                f"        rows = await self._rows.find_by_ids([key for key in keys if key > {number}])\n"
                f"        total = 0\n        for row in rows:\n            if row.{field} == mark:\n                total += row.id\n"
                "            elif row.status:\n                total -= 1\n        return total\n",
                f"        found = {{row.id: row for row in await self._rows.find_many({field}=mark)}}\n"
                "        missing = [key for key in keys if key not in found]\n        if missing:\n"
                f"            raise LookupError(f'{{missing}} of {field}')\n        return len(found)\n",
                f"        row = await self._rows.find_by_id(keys[0])\n        if row is None:\n            return {number}\n"
                f"        text = ' '.join((row.{field}, mark, str(len(keys)))).strip().lower()\n"
                "        return sum(ord(letter) for letter in text)\n",
            )
        )
        if file.unsure.random() < 0.01:
            body = "        total = 0\n        for key in keys:\n            row = await self._rows.find_by_id(key)\n            total += row.id\n        return total\n"
        yield f'\n    async def {name}(self, keys: list[int], mark: str = \'\') -> int:\n        """Return a number for {field}."""\n{body}'


def _controller(file: _File) -> Iterator[str]:
    yield (
        "from __future__ import annotations\n\nfrom fastapi import APIRouter, Depends\n\n"
        f"from mall.modules.{file.unit}.schemas import {file.model}View0\n"
        f"from mall.modules.{file.unit}.service import {file.model}Service\n\n"
        f"router = APIRouter(prefix='/{file.unit}')\n\n\ndef service() -> {file.model}Service: ...\n"
    )
    for number in file.numbers():
        yield (
            f"\n\n@router.post('/{file.field()}/{number}')\nasync def handle_{number}(\n    data: {file.model}View0, orders: "
            f"{file.model}Service = Depends(service)\n) -> dict[str, int]:\n"
            f"    total = await orders.collect_{file.field()}_{number}([data.id], mark=str(data.at))\n"
            f"    return {{'total': total, 'number': {number}}}\n"
        )


def _helpers(file: _File) -> Iterator[str]:
    yield (
        "from __future__ import annotations\n\nimport json\nimport re\nfrom collections import defaultdict\n"
        "from dataclasses import dataclass\nfrom datetime import datetime, timedelta\nfrom decimal import Decimal\n"
    )
    for number in file.numbers():
        field = file.field()
        yield (
            f"\n\n@dataclass(frozen=True)\nclass Part{number}:\n    {field}: str\n    amount: Decimal\n    at: datetime\n\n"
            f"    def later(self, days: int = {number + 1}) -> datetime:\n        return self.at + timedelta(days=days)\n\n\n"
            f"def group_{number}(parts: list[Part{number}]) -> dict[str, Decimal]:\n    found: dict[str, Decimal] = defaultdict(Decimal)\n"
            f"    for part in parts:\n        key = re.sub(r'\\W+', '-', part.{field}).strip('-').lower()\n"
            "        found[key] += part.amount\n    return dict(sorted(found.items()))\n\n\n"
            f"def read_{number}(text: str) -> list[Part{number}]:\n    try:\n        rows = json.loads(text)['rows']\n"
            "    except (ValueError, KeyError):\n        return []\n"
            f"    return [Part{number}(str(row['{field}']), Decimal(row['amount']), datetime.now()) for row in rows]\n"
        )


def _crud(file: _File) -> Iterator[str]:
    model = file.model
    yield (
        "from __future__ import annotations\n\nfrom sqlalchemy import func, select\nfrom sqlalchemy.orm import Session\n\n"
        f"from mall.area_{file.unit}.models import {model}, {model}Line0\nfrom mall.area_{file.other} import helpers\n"
    )
    for number in file.numbers():
        field = file.field()
        yield (
            f"\n\ndef get_{number}(session: Session, key: int) -> {model} | None:\n    return session.get({model}, key)\n\n\n"
            f"def list_{number}(session: Session, mark: str, limit: int = 50) -> list[{model}]:\n"
            f"    query = select({model}).where({model}.{field} == mark).order_by({model}.id.desc()).limit(limit)\n"
            "    return list(session.scalars(query))\n\n\n"
            f"def count_{number}(session: Session, keys: list[int]) -> int:\n"
            f"    query = select(func.count()).select_from({model}Line0).where({model}Line0.owner_id.in_(keys))\n"
            "    return session.execute(query).scalar_one()\n\n\n"
            f"def label_{number}(row: {model}) -> str:\n    parts = helpers.read_0(row.note)\n"
            f"    return ', '.join(f'{{part.amount}} {{row.{field}}}' for part in parts)\n"
        )


def _endpoints(file: _File) -> Iterator[str]:
    yield (
        "from __future__ import annotations\n\nfrom fastapi import APIRouter, Depends, HTTPException\n"
        f"from sqlalchemy.orm import Session\n\nfrom mall.area_{file.unit} import crud, schemas\nfrom mall.db import session\n\n"
        f"router = APIRouter(prefix='/{file.unit}s')\n"
    )
    for number in file.numbers():
        field = file.field()
        yield (
            f"\n\n@router.get('/{field}/{number}/{{key}}')\ndef show_{number}(key: int, mark: str = '', db: Session = Depends(session)):\n"
            f"    row = crud.get_0(db, key)\n    if row is None:\n        raise HTTPException(404, '{field}')\n"
            f"    others = crud.list_0(db, mark)\n    if not others:\n        return schemas.{file.model}View0(id=row.id)\n"
            "    return {'row': row.id, 'others': [other.id for other in others]}\n"
        )


_MODULE = {
    "__init__.py": _init,
    "model.py": _model,
    "schemas.py": _schemas,
    "service.py": _service,
    "controller.py": _controller,
}
_PLAIN = {
    "__init__.py": _init,
    "models.py": _model,
    "schemas.py": _schemas,
    "crud.py": _crud,
    "endpoints.py": _endpoints,
    "helpers.py": _helpers,
}
_PLAIN["__init__.py"] = lambda file: iter(("",))
_DATABASE = """\
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

engine = create_engine("sqlite://")
make = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


def session() -> Iterator[Session]:
    with make() as opened:
        yield opened
"""

if __name__ == "__main__":
    write(Path(sys.argv[1]), *map(int, sys.argv[2:]))
