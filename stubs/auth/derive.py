"""Names with their prefix, where each is imported from, and the tables."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from arckode_gen.engine import sql_types, units
from arckode_gen.engine.fields import parse_fields
from arckode_gen.engine.imports import order_exports
from arckode_gen.engine.names import to_camel, to_kebab, to_pascal, to_snake
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.project import Snapshot

_LONGEST_PREFIX = 12
_FIXTURES = ("app", "client", "colleague", "guest", "member", "stranger")
_PERMISSIONS = ("READ", "CREATE", "UPDATE", "DELETE", "GRANT", "PERMISSIONS")

# Tables in an order in which each can be made; `%` stands for the prefix.
_TABLES: Mapping[str, tuple[str, ...]] = {
    "users": (
        "tenant_id:uuid:tenant",
        "email:email:unique",
        "name:str:max=120",
        "password:password:null",
        "active:bool",
    ),
    "roles": ("tenant_id:uuid:tenant", "name:str:max=80", "permissions:json"),
    "role_grants": ("user:belongs_to=users:on_delete=cascade", "role:str:max=80:index"),
    "sessions": (
        "user:belongs_to=users:on_delete=cascade",
        "ip:str:max=64",
        "agent:str:max=255",
        "csrf_digest:str:max=64:null",
        "proven_at:datetime",
        "expires_at:datetime:index",
        "ended_at:datetime:null",
    ),
    "refresh_tokens": (
        "session:belongs_to=sessions:on_delete=cascade",
        "digest:str:max=64:unique",
        "expires_at:datetime:index",
        "used_at:datetime:null",
    ),
    "one_time_tokens": (
        "purpose:str:max=20",
        "digest:str:max=64:unique",
        "user:belongs_to=users:on_delete=cascade:null",
        "email:str:max=254",
        "name:str:max=120:null",
        "secret:str:max=255:null",
        "expires_at:datetime:index",
    ),
    "api_keys": (
        "user:belongs_to=users:on_delete=cascade",
        "name:str:max=80",
        "start:str:max=12",
        "digest:str:max=64:unique",
        "permissions:json",
        "expires_at:datetime:null",
        "used_at:datetime:null",
    ),
}

# What the templates use of the kernel and of libraries, beside what every stub knows.
_USED: Mapping[str, str] = {
    "AbstractAsyncContextManager": "contextlib",
    "Any": "typing",
    "AsyncGenerator": "collections.abc",
    "AsyncIterator": "collections.abc",
    "asynccontextmanager": "contextlib",
    "FastAPI": "fastapi",
    "running": ".testing",
    "talk_to": ".testing",
    "rate_limits": ".http",
    "replace": "dataclasses",
    "AppError": ".errors",
    "AuthError": ".errors",
    "BackgroundTasks": "fastapi",
    "BaseModel": "pydantic",
    "CACHE": ".cache",
    "CSRF_HEADER": ".session_cookies",
    "Cache": ".cache",
    "Callable": "collections.abc",
    "Clock": ".clock",
    "ConfigDict": "pydantic",
    "ConflictError": ".errors",
    "CurrentPrincipal": ".http.routing",
    "Depends": "fastapi",
    "EVERYTHING": ".access",
    "ForbiddenError": ".errors",
    "HTTPConnection": "starlette.requests",
    "IN_SESSION": ".access",
    "Iterable": "collections.abc",
    "Limit": ".throttle",
    "Literal": "typing",
    "MAIL": ".mail",
    "Mail": ".mail",
    "Message": ".mail",
    "PasswordHashes": ".passwords_argon2",
    "PasswordPolicy": ".password_policy",
    "Permission": ".access",
    "Principal": ".access",
    "RECENTLY_SIGNED_IN": ".access",
    "Request": "fastapi",
    "Response": "fastapi",
    "Role": ".access",
    "SIGNED_IN": ".access",
    "Self": "typing",
    "SessionCookies": ".session_cookies",
    "StringConstraints": "pydantic",
    "TOKENS": ".access_tokens",
    "AccessTokens": ".access_tokens",
    "Throttle": ".throttle",
    "TokenClaims": ".token_claims",
    "TokenSettings": ".access_tokens",
    "UtcDateTime": ".columns",
    "across_tenants": ".tenancy",
    "digest": ".tokens",
    "field": "dataclasses",
    "covers": ".access",
    "invalid": ".token_claims",
    "matches": ".tokens",
    "model_validator": "pydantic",
    "new_id": ".ids",
    "re": "=re",
    "refuse_forged": ".session_cookies",
    "require": ".access",
    "structlog": "=structlog",
    "unicodedata": "=unicodedata",
}
# Where the names come from that the three modules define; `%` stands for the prefix in a name.
_DEFINED: Mapping[str, str] = {
    "%User": "users.model",
    "%UsersRepository": "users.repository",
    "%UsersService": "users.service",
    "%UsersController": "users.controller",
    **{f"%User{ending}": "users.schemas" for ending in ("Create", "Update", "Out", "Query")},
    "%Role": "roles.model",
    "%RoleGrant": "roles.model",
    "%RolesRepository": "roles.repository",
    "%RoleGrantsRepository": "roles.repository",
    "%RolesService": "roles.service",
    "%RolesController": "roles.controller",
    "%GrantsController": "roles.grants_controller",
    "%Grants": "roles.usecases.grants",
    "%UserDirectory": "roles.usecases.grants",
    "BUILT_IN": "roles.roles",
    "refuse_more": "roles.service",
    **{
        f"%{name}": "roles.schemas"
        for name in (
            *(f"Role{ending}" for ending in ("Create", "Update", "Out", "Query")),
            "CatalogueOut",
            "GrantIn",
            "GrantsOut",
            "PermissionOut",
        )
    },
    "%Session": "auth.model",
    "%RefreshToken": "auth.model",
    "%OneTimeToken": "auth.model",
    "%ApiKey": "auth.model",
    "%SessionsRepository": "auth.repository",
    "%RefreshTokensRepository": "auth.repository",
    "%OneTimeTokensRepository": "auth.repository",
    "%ApiKeysRepository": "auth.repository",
    "%Account": "auth.directories",
    "%AccountDirectory": "auth.directories",
    "%PermissionDirectory": "auth.directories",
    "Client": "auth.directories",
    "ClientInfo": "auth.requests",
    "%AuthSettings": "auth.settings",
    "%AuthService": "auth.service",
    "SignedIn": "auth.service",
    "session_tag": "auth.service",
    "user_tag": "auth.service",
    "%AuthController": "auth.controller",
    "%AccountController": "auth.account_controller",
    "%KeysController": "auth.keys_controller",
    "%SessionsController": "auth.sessions_controller",
    "%Callers": "auth.callers",
    "Parts": "auth.callers",
    "Letters": "auth.letters",
    "Accounts": "auth.usecases.accounts",
    "AccessTokenMaker": "auth.usecases.access_token_maker",
    "ApiKeys": "auth.usecases.api_keys",
    "Credentials": "auth.usecases.credentials",
    "OneTimeTokens": "auth.usecases.one_time_tokens",
    "REALM": "auth.usecases.access_token_maker",
    "START": "auth.usecases.api_keys",
    **{
        f"%{name}": "auth.schemas"
        for name in (
            "ApiKeyCreate",
            "ApiKeyMade",
            "ApiKeyOut",
            "EmailIn",
            "Login",
            "MeOut",
            "PasswordChange",
            "PasswordIn",
            "PasswordReset",
            "RefreshIn",
            "Registration",
            "SessionOut",
            "TokenIn",
            "TokensOut",
            "Verification",
        )
    },
}
# What the tests use beside that.
_TESTED: Mapping[str, str] = {
    "ASGITransport": "httpx2",
    "Database": ".database",
    "FixedClock": ".clock",
    "JSONResponse": "starlette.responses",
    "MemoryCache": ".cache_memory",
    "MemoryMail": ".mail_memory",
    "MutableMapping": "collections.abc",
    "Response": "httpx2",
    "Tenant": ".tenancy",
    "TokenKey": ".access_tokens",
    "UnavailableError": ".errors",
    "asyncio": "=asyncio",
    "base64": "=base64",
    "count_statements": ".testing",
    "ec": "cryptography.hazmat.primitives.asymmetric",
    "fresh_database": ".testing",
    "hmac": "=hmac",
    "json": "=json",
    "jwt": "=jwt",
    "limited_to": ".tenancy",
    "serialization": "cryptography.hazmat.primitives",
}
_DOORS: Mapping[str, tuple[str, ...]] = {
    "users": ("%User", "%UsersService"),
    "roles": ("%Grants", "%RolesService", "%UserDirectory"),
    "auth": (
        "%Account",
        "%AccountDirectory",
        "%AuthService",
        "%AuthSettings",
        "%PermissionDirectory",
        "Accounts",
        "Credentials",
    ),
}


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the prefix cannot be one, or the project has a module that it would be.
    """
    prefix = _prefix(str(values["prefix"] or ""))
    package = str(values["package"])
    _refuse_others(project, f"{prefix}_" if prefix else "")
    p, pascal = f"{prefix}_" if prefix else "", to_pascal(prefix) if prefix else ""
    tables = [_table(name, words, p) for name, words in _TABLES.items()]
    place = f"{package}.modules.{p}"
    has_app = units.load(project, "frontend", "app") is not None
    known = {name.replace("%", pascal): f"{place}{module}" for name, module in _DEFINED.items()}
    doors = {name.replace("%", pascal): f"{place}{module}" for module, names in _DOORS.items() for name in names} | {
        f"register_{p}{module}": f"{place}{module}" for module in _DOORS
    }
    exported = {
        module: [
            f'"{name}"'
            for name in order_exports([*(each.replace("%", pascal) for each in names), f"register_{p}{module}"])
        ]
        for module, names in _DOORS.items()
    }
    permissions = {
        module: dict.fromkeys(
            ("READ", "CREATE", "UPDATE", "DELETE", "GRANT", "PERMISSIONS"), f"{place}{module}.permissions"
        )
        for module in ("users", "roles")
    }
    tested = {**_USED, **known, **_TESTED, **_tests(package, p)}
    del tested["field"]
    return {
        "p": p,
        "P": pascal,
        "r": f"/{to_kebab(prefix)}" if prefix else "",
        "who": f"{prefix.replace('_', ' ')} users" if prefix else "users",
        "is_first": not prefix,
        "has_app": has_app,
        "has_pages": has_app and not prefix,
        "realm": [f'realm="{prefix}"'] if prefix else [],
        "cookie": prefix or "session",
        "env": f"{p.upper()}AUTH__",
        "attribute": f"{p}auth",
        "guarded_tests": [f"{p}users", f"{p}roles"],
        "module_names": [f"{p}{module}" for module in _DOORS],
        "known": {**_USED, **known},
        "known_users": {**_USED, **known, **permissions["users"]},
        "known_roles": {**_USED, **known, **permissions["roles"]},
        "known_doors": {**_USED, **doors, f"{pascal}UsersRepository": f"{place}users.repository"},
        "known_tests": tested,
        "known_fixtures": {**tested, **dict.fromkeys(_FIXTURES, f"tests.{p}signed_in")},
        "exported": exported,
        "camel": to_camel(prefix) if prefix else "",
        "table": f"the tables of {p}auth",
        "sql": [
            (dialect, [statement for table in tables for statement in sql_types.create_table(table, dialect)])
            for dialect in sql_types.DIALECTS
        ],
        "drop": [statement for table in reversed(tables) for statement in sql_types.drop_table(table.name)],
    }


def _refuse_others(project: Snapshot, p: str) -> None:
    """Refuse what would overwrite a module that another generator made."""
    for kind, module in product(("aggregate", "module", "projection"), _DOORS):
        if units.load(project, kind, f"{p}{module}") is not None:
            brought = ", ".join(f"{p}{each}" for each in sorted(_DOORS))
            beside = "`arckode make:auth --prefix staff` makes one beside it, with tables and routes of its own"
            raise UsageError(
                f"signing in brings the modules {brought}, and this project has the {kind} '{p}{module}' already",
                "choose another prefix" if p else beside,
            )


def _tests(package: str, p: str) -> dict[str, str]:
    """Return where the names come from that the tests of the three modules share."""
    helpers = ("EMAIL", "LOGIN", "NEW_PASSWORD", "START", "bearer", "login", "mails_of", "me", "refresh", "register")
    shared = (*helpers, "token_in", "verify")
    signed_in = ("OTHER_TENANT", "PASSWORD", "TENANT", "add_user", "sign_in")
    return {
        **dict.fromkeys(shared, f"tests.modules.{p}auth.helpers"),
        **dict.fromkeys(signed_in, f"tests.{p}signed_in"),
        **dict.fromkeys((f"store_{p}user", f"{p}user_body"), f"tests.modules.{p}users.factory"),
        "Settings": f"{package}.settings",
        "compose": f"{package}.composition_root",
    }


def _prefix(given: str) -> str:
    prefix = to_snake(given) if given else ""
    if not prefix:
        return ""
    if not prefix.isidentifier() or not prefix.isascii():
        raise UsageError(f"--prefix {given}: a prefix is a word of letters and digits", "such as `--prefix admin`")
    if len(prefix) > _LONGEST_PREFIX:
        raise UsageError(f"--prefix {given} is longer than {_LONGEST_PREFIX} letters", "choose a shorter word")
    return prefix


def _table(name: str, words: Sequence[str], p: str) -> sql_types.Table:
    fields = parse_fields(words)
    prefixed = (replace(field, target=f"{p}{field.target}") if field.target else field for field in fields)
    return sql_types.Table(f"{p}{name}", tuple(prefixed))
