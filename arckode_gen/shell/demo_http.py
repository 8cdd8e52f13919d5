"""Talks to the sample shop over HTTP, as a client would."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from arckode_gen.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 110
Body: TypeAlias = "dict[str, object]"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what was answered; `answer` is short enough for a line."""

    method: str
    path: str
    sent: str
    status: int
    answer: str


@dataclass(frozen=True, slots=True)
class Client:
    """A client of one server, which tells every exchange."""

    url: str
    tell: Callable[[Exchange], None]

    def ask(self, method: str, path: str, expected: int, sent: Body | None = None) -> Body:
        """Send a request and return the object that is answered.

        Raises:
            OperationError: nobody answers, or the status is another one.
        """
        status, text = self._send(method, path, sent)
        exchange = Exchange(method, path, json.dumps(sent) if sent else "", status, _brief(text))
        self.tell(exchange)
        if status != expected:
            raise OperationError(f"{method} {path} answered {status} instead of {expected}: {exchange.answer}")
        return cast("Body", json.loads(text)) if text else {}

    def _send(self, method: str, path: str, sent: Body | None) -> tuple[int, str]:
        data = None if sent is None else json.dumps(sent).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)  # noqa: S310  our own server
        # A proxy of the environment does not reach this machine's own address.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            raise OperationError(f"{method} {path} was not answered: {error}") from error


def walk(client: Client) -> None:
    """Use the shop: both modules, every action, and two mistakes that are answered as problems.

    Raises:
        OperationError: an answer is not the one that a working shop gives.
    """
    client.ask("GET", "/customers?limit=2&sort=name", 200)
    customer = client.ask("POST", "/customers", 201, {"name": "Ada Lovelace", "email": "ada@example.com"})
    one = f"/customers/{customer['id']}"
    client.ask("GET", one, 200)
    client.ask("PATCH", one, 200, {"name": "Ada King"})
    client.ask("POST", "/orders", 422, {"customerId": customer["id"], "total": "-1", "colour": "red"})
    order = client.ask("POST", "/orders", 201, {"customerId": customer["id"], "total": "19.90"})
    bought = f"/orders/{order['id']}"
    client.ask("GET", bought, 200)
    client.ask("PATCH", bought, 200, {"status": "paid"})
    client.ask("GET", "/orders?status=paid", 200)
    client.ask("DELETE", bought, 204)
    client.ask("GET", bought, 404)
    client.ask("DELETE", one, 204)


def _brief(text: str) -> str:
    """Return an answer in a line: of a page its first row, of a problem what was wrong with which value."""
    if not text:
        return ""
    try:
        body = json.loads(text)
    except ValueError:
        return _cut(" ".join(text.split()))
    match body:
        case {"data": [first, *rest], "total": total}:
            return _cut(f"{1 + len(rest)} of {total}, the first: {_json(first)}")
        case {"title": title, "errors": [_, *_] as errors}:
            return _cut(f"{title}: " + "; ".join(f"{each['pointer']} {each['message']}" for each in errors))
        case {"title": title, "detail": detail}:
            return _cut(f"{title}: {detail}")
    return _cut(_json(body))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."
