"""Where code goes: what somebody wants to write, in their own words, found among what a project is made of.

A generator says in its `stub.yml` what people ask for it by; what no command writes is listed here. Words are compared
by their beginnings, without accents, so that "limiter" finds "limit" and "confirmación" finds "confirm".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arckode_gen.engine.spec import CommandSpec
    from arckode_gen.engine.stubs import Stub

_MOST = 3
_SHORT = 4
_HOLE = re.compile(r"{{\s*(\w+)[^}]*}}")
_MODULES = re.compile(r"modules/<\w+>/")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of code: the words it is asked for by, where it goes (`<module>`, `<name>`), how, and a skill to read."""

    asked: tuple[str, ...]
    path: str
    what: str
    command: str = ""
    skill: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One answer; `command` is empty where nothing generates it."""

    path: str
    what: str
    command: str
    skill: str


@dataclass(frozen=True, slots=True)
class Found:
    """The best places first, the module that the text names, and whether any word was understood."""

    places: tuple[Place, ...]
    module: str
    is_understood: bool


_MODULE = "src/<package>/modules/<module>"
_RULE = Kind(
    ("rule", "business", "decide", "calculate", "calculation", "discount", "price", "limit of", "regla", "negocio"),
    f"{_MODULE}/service.py",
    "a decision is a method of the module's service, or a use case where it has several steps",
    "arckode make:usecase <module> <name>",
    "services",
)
WRITTEN = (
    _RULE,
    Kind(
        ("rate limit", "throttle", "too many requests", "limite de frecuencia", "limitador"),
        f"{_MODULE}/controller.py",
        'a route says its own: `limits=RouteLimits(rate="10/minute")`; for all routes it is the setting RATE_LIMITS__…,'
        " and `arckode make:adapter redis-limits` counts for several processes together",
        "",
        "middlewares",
    ),
    Kind(
        ("route", "endpoint", "url", "http", "controller", "ruta", "controlador"),
        f"{_MODULE}/controller.py",
        "a route is a method of the controller and its line in `router()`, with `access=`",
        "",
        "services",
    ),
    Kind(
        (
            "query",
            "search",
            "filter",
            "report",
            "sql",
            "join",
            "statistic",
            "consulta",
            "busqueda",
            "filtro",
            "informe",
        ),
        f"{_MODULE}/repository.py",
        "what filters cannot say is a method of the module's repository; the service calls it",
        "",
        "orm",
    ),
    Kind(
        ("validate", "validation", "request body", "response", "schema", "payload", "dto", "validar", "esquema"),
        f"{_MODULE}/schemas.py",
        "what goes over the wire is a schema; what depends on rows is the service's to check",
        "",
        "services",
    ),
    Kind(
        ("field", "column", "attribute", "campo", "columna", "atributo"),
        f"{_MODULE}/model.py",
        "a field changes model, schemas, tests and a migration together",
        "arckode make:field <module> <name>:<type>",
        "orm",
    ),
    Kind(
        ("permission", "access", "guard", "policy", "owner", "may see", "permiso", "acceso", "dueno"),
        f"{_MODULE}/permissions.py",
        "a permission is declared by its module, held by a role, and demanded by a route's `access=`",
        "",
        "auth",
    ),
    Kind(
        ("setting", "configuration", "environment variable", "secret", "ajuste", "configuracion", "secreto"),
        "src/<package>/settings.py",
        "what differs between environments is a field of `Settings`; a service takes it as a parameter",
        "",
        "config",
    ),
    Kind(
        ("wire", "wiring", "register", "start up", "startup", "composition", "conectar", "registrar", "arranque"),
        "src/<package>/composition_root.py",
        "everything is wired here, and what is not here does not exist; generators add their lines",
        "",
        "config",
    ),
    Kind(
        ("test", "factory", "fake", "prueba", "fabrica"),
        "tests/modules/<module>/",
        "tests mirror the modules: `test_service.py` without a database, `test_api.py` over HTTP",
        "",
        "testing",
    ),
)


def generated(stub: Stub) -> Kind:
    """Return what a generator writes, from its own declaration."""
    first = next((file.path for file in stub.files if _is_code(file.path)), "")
    path = _MODULES.sub("modules/<module>/", _HOLE.sub(lambda hole: f"<{hole[1]}>", first))
    asked = stub.asked or (stub.folder.name.replace("_", " "),)
    return Kind(asked, path, stub.spec.summary, _usage(stub.spec), stub.skill)


def find(text: str, kinds: Iterable[Kind], package: str, modules: Sequence[str]) -> Found:
    """Return the best places for what a text describes."""
    said = _words(text)
    module = next((name for name in sorted(modules, key=len, reverse=True) if _names(said, name)), "")
    scored = [(score, kind) for kind in kinds if (score := sum(_score(said, each) for each in kind.asked))]
    ranked = [kind for _, kind in sorted(scored, key=lambda each: -each[0])][:_MOST]
    return Found(tuple(_place(kind, package, module) for kind in ranked or [_RULE]), module, bool(ranked))


def _place(kind: Kind, package: str, module: str) -> Place:
    known = {"<package>": package, **({"<module>": module} if module else {})}
    path, command = kind.path, kind.command
    for hole, value in known.items():
        path, command = path.replace(hole, value), command.replace(hole, value)
    return Place(path, kind.what, command, kind.skill)


def _score(said: Sequence[str], asked: str) -> int:
    """Return how much of a text a phrase explains: its words, one after the other, count more together than apart."""
    wanted = _words(asked)
    runs = (said[at : at + len(wanted)] for at in range(len(said) - len(wanted) + 1))
    is_said = any(all(map(_is_same, run, wanted)) for run in runs)
    return len(wanted) ** 2 if is_said else 0


def _is_same(said: str, wanted: str) -> bool:
    return said in {wanted, f"{wanted}s"} or (len(wanted) > _SHORT and said.startswith(wanted))


def _names(said: Sequence[str], module: str) -> bool:
    words = module.split("_")
    runs = (said[at : at + len(words)] for at in range(len(said) - len(words) + 1))
    return any(all(each.rstrip("s") == word.rstrip("s") for each, word in zip(run, words, strict=True)) for run in runs)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.findall(r"[a-z0-9]+", plain)


def _is_code(path: str) -> bool:
    return not path.endswith("__init__.py") and not path.startswith("tests/")


def _usage(spec: CommandSpec) -> str:
    words = (f"<{param.name}>" for param in spec.arguments if param.required)
    return " ".join((f"arckode {spec.name}", *words))
