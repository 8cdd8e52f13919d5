"""Every kind of token keeps the same promises; a JWT withstands what is tried on JWTs."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from pydantic import ValidationError as SettingsError

from kernel.access import SIGNED_IN, Principal
from kernel.access_tokens import TOKENS, TokenSettings, bearer, principal_of
from kernel.access_tokens_jwt import JwtTokens, provide_jwt_tokens
from kernel.access_tokens_memory import MemoryTokens
from kernel.app import Kernel
from kernel.clock import FixedClock
from kernel.errors import AuthError, ProgrammingError, WiringError
from kernel.http.routing import CurrentPrincipal, ModuleRouter
from kernel.settings import KernelSettings
from kernel.testing import client
from tests.kernel.backends import START

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kernel.access_tokens import AccessTokens

pytestmark = pytest.mark.anyio

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PEM, NO_PASSWORD = serialization.Encoding.PEM, serialization.NoEncryption()


def pem(key: Private) -> str:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, NO_PASSWORD).decode()


def public_pem(key: Private) -> str:
    return key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
KEYS = {
    "HS256": "s" * 32,
    "HS384": "s" * 48,
    "HS512": "s" * 64,
    "RS256": pem(RSA),
    "RS512": pem(RSA),
    "PS256": pem(RSA),
    "ES256": pem(EC),
    "ES384": pem(ec.generate_private_key(ec.SECP384R1())),
    "EdDSA": pem(ed25519.Ed25519PrivateKey.generate()),
}


def jwt_settings(keys: Mapping[str, tuple[str, str]], **changes: object) -> TokenSettings:
    written = {kid: {"algorithm": algorithm, "key": key} for kid, (algorithm, key) in keys.items()}
    return TokenSettings.model_validate({"provider": "jwt", "keys": written, **changes})


def tokens_with(algorithm: str, clock: FixedClock, **changes: object) -> JwtTokens:
    return JwtTokens(jwt_settings({"one": (algorithm, KEYS[algorithm])}, **changes), clock, name="shop")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture(params=["memory", "HS256", "RS256", "ES256"])
def tokens(request: pytest.FixtureRequest, clock: FixedClock) -> AccessTokens:
    """Every implementation in turn."""
    return MemoryTokens(clock) if request.param == "memory" else tokens_with(request.param, clock)


async def test_a_token_says_what_it_was_made_with(tokens: AccessTokens) -> None:
    token = await tokens.issue("ada", claims={"tenant": "t1", "permissions": ["orders:read"], "level": 2})
    found = await tokens.verify(token)
    assert (found.subject, found.custom) == ("ada", {"tenant": "t1", "permissions": ["orders:read"], "level": 2})
    assert found.issued_at == START.replace(microsecond=0)
    assert found.expires_at - found.issued_at == timedelta(minutes=15)
    assert (await tokens.verify(await tokens.issue("eve"))).custom == {}


@pytest.mark.parametrize("algorithm", KEYS)
async def test_every_algorithm_signs_and_checks(algorithm: str, clock: FixedClock) -> None:
    tokens = tokens_with(algorithm, clock)
    token = await tokens.issue("ada")
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "kid": "one", "typ": "JWT"}
    assert (await tokens.verify(token)).subject == "ada"


async def test_no_two_tokens_are_the_same(tokens: AccessTokens) -> None:
    made = [await tokens.issue("ada") for _ in range(5)]
    assert len(set(made)) == 5
    assert len({(await tokens.verify(token)).token_id for token in made}) == 5


async def test_a_token_ends(tokens: AccessTokens, clock: FixedClock) -> None:
    short, usual = await tokens.issue("ada", lifetime=60), await tokens.issue("ada")
    clock.advance(timedelta(seconds=59))
    await tokens.verify(short)
    clock.advance(timedelta(seconds=12))  # the clocks' leeway is over too
    with pytest.raises(AuthError, match="The token has expired") as over:
        await tokens.verify(short)
    assert (over.value.status, over.value.code) == (401, "token_expired")
    await tokens.verify(usual)


async def test_memory_drops_tokens_that_expired_a_day_ago(clock: FixedClock) -> None:
    tokens = MemoryTokens(clock)
    short, long = await tokens.issue("ada", lifetime=60), await tokens.issue("ada", lifetime=7 * 24 * 3600)
    clock.advance(timedelta(seconds=61))
    await tokens.issue("eve")
    with pytest.raises(AuthError, match="The token has expired"):
        await tokens.verify(short)
    clock.advance(timedelta(days=1))
    await tokens.issue("eve")
    with pytest.raises(AuthError, match="The token is not valid"):
        await tokens.verify(short)
    assert (await tokens.verify(long)).subject == "ada"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "....", "ä.ö.ü", "\x00", "e30.e30.", "x" * 10_000])
async def test_junk_is_not_valid(tokens: AccessTokens, token: str) -> None:
    with pytest.raises(AuthError, match="The token is not valid") as refused:
        await tokens.verify(token)
    assert (refused.value.status, refused.value.code) == (401, "token_invalid")


async def test_a_changed_token_is_not_valid(tokens: AccessTokens) -> None:
    token = await tokens.issue("ada")
    for at in (3, len(token) // 2, len(token) - 10):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(AuthError):
            await tokens.verify(changed)


@pytest.mark.parametrize("name", ["sub", "exp", "iss", "aud", "iat", "nbf", "jti"])
async def test_a_claim_that_every_token_has_is_refused(tokens: AccessTokens, name: str) -> None:
    with pytest.raises(ProgrammingError, match=f"every token has {name} already; give the claim another name"):
        await tokens.issue("ada", claims={name: "x"})


async def test_claims_and_times_that_cannot_be_are_refused(tokens: AccessTokens) -> None:
    with pytest.raises(ProgrammingError, match="the claims of a token must be JSON"):
        await tokens.issue("ada", claims={"id": uuid4()})
    for lifetime in (0, -1, float("inf")):
        with pytest.raises(ProgrammingError, match="a token is good for more than 0 seconds"):
            await tokens.issue("ada", lifetime=lifetime)


async def test_keys_change_without_a_break(clock: FixedClock) -> None:
    old = ("2026-10", ("HS256", KEYS["HS256"]))
    new = ("2026-11", ("ES256", KEYS["ES256"]))
    before = JwtTokens(jwt_settings(dict([old])), clock, name="shop")
    during = JwtTokens(jwt_settings(dict([old, new]), signing_key="2026-11"), clock, name="shop")
    after = JwtTokens(jwt_settings(dict([new])), clock, name="shop")
    first, second = await before.issue("ada"), await during.issue("ada")
    assert jwt.get_unverified_header(second) == {"alg": "ES256", "kid": "2026-11", "typ": "JWT"}
    for tokens, token in ((before, first), (during, first), (during, second), (after, second)):
        assert (await tokens.verify(token)).subject == "ada"
    for tokens, token in ((before, second), (after, first)):
        with pytest.raises(AuthError):
            await tokens.verify(token)


async def test_a_public_key_checks_and_cannot_sign(clock: FixedClock) -> None:
    token = await tokens_with("RS256", clock).issue("ada")
    both = {"one": ("RS256", public_pem(RSA)), "own": ("HS256", KEYS["HS256"])}
    checking = JwtTokens(jwt_settings(both, signing_key="own"), clock, name="shop")
    assert (await checking.verify(token)).subject == "ada"
    with pytest.raises(WiringError, match="'one' is public and cannot sign; it needs its private half"):
        JwtTokens(jwt_settings({"one": ("RS256", public_pem(RSA))}), clock, name="shop")


def forged(header: dict[str, object], claims: dict[str, object], signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in (header, claims)]
    return ".".join([*parts, signature])


def good_claims(**changes: object) -> dict[str, object]:
    now = int(START.timestamp())
    claims = {"sub": "eve", "iss": "shop", "aud": "shop", "iat": now, "exp": now + 900, "jti": "x", **changes}
    return {name: value for name, value in claims.items() if value is not None}


async def test_no_algorithm_is_no_way_in(clock: FixedClock) -> None:
    tokens = tokens_with("RS256", clock)
    for name in ("none", "None", "NONE", "nOnE", ""):
        for kid in ("one", None):
            with pytest.raises(AuthError):
                await tokens.verify(forged({"alg": name, "kid": kid}, good_claims()))


async def test_a_public_key_is_no_secret(clock: FixedClock) -> None:
    """The classic confusion: HS256 with the text of the public key, which everybody has."""
    import hashlib
    import hmac

    tokens = tokens_with("RS256", clock)
    unsigned = forged({"alg": "HS256", "kid": "one", "typ": "JWT"}, good_claims())[:-1]
    for text in (public_pem(RSA), public_pem(RSA).strip()):
        mac = hmac.new(text.encode(), unsigned.encode(), hashlib.sha256).digest()
        with pytest.raises(AuthError):
            await tokens.verify(f"{unsigned}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


async def test_another_key_or_algorithm_than_the_kid_says_is_refused(clock: FixedClock) -> None:
    keys = {"one": ("RS256", KEYS["RS256"]), "two": ("HS256", KEYS["HS256"])}
    tokens = JwtTokens(jwt_settings(keys, signing_key="one"), clock, name="shop")
    for key, algorithm, kid in (
        (KEYS["HS256"], "HS256", "one"),
        (RSA, "RS512", "one"),
        (RSA, "PS256", "one"),
        (RSA, "RS256", "two"),
        (rsa.generate_private_key(65537, 2048), "RS256", "one"),
        (KEYS["HS256"], "HS256", "three"),
        (KEYS["HS256"], "HS256", "../two"),
    ):
        with pytest.raises(AuthError):
            await tokens.verify(jwt.encode(good_claims(), key, algorithm=algorithm, headers={"kid": kid}))
    headers: list[dict[str, object]] = [{}, {"kid": None}, {"kid": 1}, {"kid": ["two"]}, {"kid": {"a": 1}}]
    for header in headers:
        with pytest.raises(AuthError):
            await tokens.verify(forged({"alg": "HS256", **header}, good_claims(), "AAAA"))


async def test_a_key_that_the_token_brings_along_is_not_used(clock: FixedClock) -> None:
    own = rsa.generate_private_key(65537, 2048)
    brought = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key()))
    header = {"kid": "one", "jwk": brought, "jku": "https://evil.example/keys"}
    with pytest.raises(AuthError):
        await tokens_with("RS256", clock).verify(jwt.encode(good_claims(), own, algorithm="RS256", headers=header))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": []},
        {"aud": 7},
        {"sub": None},
        {"sub": 7},
        {"jti": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": float("1e300")},
        {"iat": None},
        {"iat": "now"},
        {"iat": int(START.timestamp()) + 60},
        {"nbf": int(START.timestamp()) + 60},
        {"nbf": "later"},
    ],
    ids=str,
)
async def test_a_signed_token_with_wrong_claims_is_not_valid(changes: dict[str, object], clock: FixedClock) -> None:
    raw = jwt.PyJWS().encode(
        json.dumps(good_claims(**changes)).encode(), KEYS["HS256"], algorithm="HS256", headers={"kid": "one"}
    )
    with pytest.raises(AuthError, match="The token is not valid"):
        await tokens_with("HS256", clock).verify(raw)


async def test_clocks_may_differ_a_little(clock: FixedClock) -> None:
    ahead = FixedClock(START + timedelta(seconds=9))
    strict = tokens_with("HS256", clock, leeway=0)
    token = await tokens_with("HS256", ahead).issue("ada")
    assert (await tokens_with("HS256", clock).verify(token)).subject == "ada"
    with pytest.raises(AuthError, match="not valid"):
        await strict.verify(token)


async def test_who_it_is_from_and_for_can_be_said(clock: FixedClock) -> None:
    said = tokens_with("HS256", clock, issuer="https://id.example", audience="api")
    token = await said.issue("ada")
    claims = jwt.decode(token, KEYS["HS256"], algorithms=["HS256"], audience="api", options={"verify_exp": False})
    assert claims["iss"] == "https://id.example"
    with pytest.raises(AuthError):
        await tokens_with("HS256", clock).verify(token)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text()
    | st.builds(".".join, st.lists(st.text("abcdefghijklmnopqrstuvwxyz0123456789-_=", max_size=20), max_size=4))
)
async def test_whatever_is_sent_the_answer_is_401(clock: FixedClock, token: str) -> None:
    with pytest.raises(AuthError):
        await tokens_with("HS256", clock).verify(token)


async def test_a_body_that_nests_too_deep_is_not_valid(clock: FixedClock) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=").decode()
    with pytest.raises(AuthError):
        await tokens_with("HS256", clock).verify(f"{deep}.e30.x")


BAD_KEYS = [
    ("HS256", "short", "has 5 bytes; HS256 needs at least 32"),
    ("HS512", "s" * 63, "has 63 bytes; HS512 needs at least 64"),
    ("HS256", pem(RSA), "is a key in PEM, and HS256 needs a shared secret"),
    ("HS256", public_pem(RSA), "is a key in PEM, and HS256 needs a shared secret"),
    ("RS256", "s" * 64, "is no key in PEM without a password"),
    ("RS256", pem(EC), "is not one for RS256"),
    ("ES256", pem(RSA), "is not one for ES256"),
    ("ES384", pem(EC), "is not one for ES384"),
    ("EdDSA", pem(EC), "is not one for EdDSA"),
    ("RS256", pem(rsa.generate_private_key(65537, 1024)), "is not one for RS256"),
]


@pytest.mark.parametrize(("algorithm", "key", "problem"), BAD_KEYS, ids=[f"{row[0]} {row[2][:20]}" for row in BAD_KEYS])
def test_a_key_that_does_not_fit_stops_the_start(algorithm: str, key: str, problem: str, clock: FixedClock) -> None:
    with pytest.raises(WiringError, match=problem) as refused:
        JwtTokens(jwt_settings({"one": (algorithm, key)}), clock, name="shop")
    assert key not in str(refused.value)
    assert "'one'" in str(refused.value)


def test_a_key_may_stand_in_a_file(tmp_path: Path, clock: FixedClock) -> None:
    file = tmp_path / "token.pem"
    written = {"provider": "jwt", "keys": {"one": {"algorithm": "ES256", "file": str(file)}}}
    with pytest.raises(WiringError, match=r"'one' cannot be read from .*token\.pem: No such file"):
        JwtTokens(TokenSettings.model_validate(written), clock, name="shop")
    file.write_text(KEYS["ES256"])
    JwtTokens(TokenSettings.model_validate(written), clock, name="shop")


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({}, "jwt needs KEYS, such as"),
        ({"keys": {"a": {"algorithm": "none", "key": "x"}}}, "Input should be 'HS256'"),
        ({"keys": {"a": {"algorithm": "HS256"}}}, "say either KEY or FILE"),
        ({"keys": {"a": {"algorithm": "HS256", "key": "x", "file": "y"}}}, "say either KEY or FILE"),
        ({"keys": {n: {"algorithm": "HS256", "key": "x"} for n in "ab"}}, "SIGNING_KEY must be one of the KEYS: a, b"),
        ({"keys": {"a": {"algorithm": "HS256", "key": "x"}}, "signing_key": "b"}, "SIGNING_KEY must be one of"),
        ({"keys": {"a": {"algorithm": "HS256", "key": "x"}}, "lifetime": 0}, "greater than 0"),
        ({"provider": "jtw"}, "Input should be 'memory' or 'jwt'"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(said: dict[str, object], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        TokenSettings.model_validate({"provider": "jwt", **said})


def test_settings_do_not_show_a_key() -> None:
    assert "ssss" not in repr(jwt_settings({"one": ("HS256", KEYS["HS256"])}))


async def test_a_principal_is_read_from_the_claims(clock: FixedClock) -> None:
    tokens = MemoryTokens(clock)
    who, tenant = uuid4(), uuid4()
    token = await tokens.issue(str(who), claims={"tenant": str(tenant), "permissions": ["orders:read"]})
    assert principal_of(await tokens.verify(token)) == Principal(who, tenant, frozenset({"orders:read"}))
    wrong: list[tuple[str, dict[str, object]]] = [
        ("ada", {}),
        (str(who), {"tenant": "x"}),
        (str(who), {"tenant": 7}),
        (str(who), {"permissions": "all"}),
        (str(who), {"permissions": [1]}),
        (str(who), {"permissions": None}),
    ]
    for subject, claims in wrong:
        with pytest.raises(AuthError, match="not valid"):
            principal_of(await tokens.verify(await tokens.issue(subject, claims=claims)))


class Settings(KernelSettings):
    tokens: TokenSettings = TokenSettings()


class Pages:
    async def show(self, principal: CurrentPrincipal) -> UUID:
        return principal.id


@pytest.mark.parametrize("provider", ["memory", "jwt"])
async def test_a_request_is_let_in_or_hears_401(provider: str, clock: FixedClock) -> None:
    chosen = jwt_settings({"one": ("ES256", KEYS["ES256"])}) if provider == "jwt" else TokenSettings()
    kernel = Kernel(Settings.for_tests(database_url="sqlite://", tokens=chosen), clock=clock)
    provide_jwt_tokens(kernel)
    tokens = kernel.adapter(TOKENS)
    assert type(tokens) is (JwtTokens if provider == "jwt" else MemoryTokens)
    kernel.authenticate_with(bearer(tokens))
    routes = ModuleRouter("pages")
    routes.get("", Pages().show, access=SIGNED_IN)
    kernel.add_module("pages", service=Pages(), router=routes.router)
    who = uuid4()
    token = await tokens.issue(str(who))
    async with client(kernel) as http:
        for spelled in (f"Bearer {token}", f"bearer  {token}"):
            assert (await http.get("/pages", headers={"authorization": spelled})).json() == str(who)
        for header in ("", "Basic x", "Bearer", f"Bearer {token}x", f"Bearer {token} x", "Bearer a.b.c"):
            answer = await http.get("/pages", headers={"authorization": header})
            assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
            assert answer.headers["www-authenticate"] == "Bearer"
        assert (await http.get("/pages")).status_code == 401
        clock.advance(timedelta(hours=1))
        over = await http.get("/pages", headers={"authorization": f"Bearer {token}"})
        assert (over.status_code, over.json()["code"]) == (401, "token_expired")


def test_a_weak_key_stops_the_application() -> None:
    chosen = TokenSettings.model_validate(
        {"provider": "jwt", "keys": {"one": {"algorithm": "HS256", "key": SecretStr("changeme")}}}
    )
    with pytest.raises(WiringError, match="'one' has 8 bytes"):
        provide_jwt_tokens(Kernel(Settings.for_tests(database_url="sqlite://", tokens=chosen)))
