"""ARC706: a request that the API does not answer."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from arckode_analyzers.model.front import is_file
from arckode_analyzers.rule import Example, Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arckode_analyzers.model.analysis import Analysis
    from arckode_analyzers.model.front import Request
    from arckode_analyzers.model.source import Source


def check(analysis: Analysis, source: Source) -> Iterator[Spot]:
    """Report requests to paths, or by methods, that no route has."""
    if not source.facts.marks or not analysis.endpoints.are_known:
        return
    for request in analysis.front.requests(source):
        methods = analysis.endpoints.methods_of(request.path)
        if methods is None and not is_file(request.path):
            near = difflib.get_close_matches(request.path, sorted(analysis.endpoints.paths()), 1)
            hint = f"did you mean `{near[0]}`? Better: call the operation of the generated client" if near else ""
            yield _spot(source, request, f"the API has no `{request.path}`", hint)
        elif methods and request.method != "*" and request.method not in methods:
            there = ", ".join(sorted(methods))
            yield _spot(source, request, f"the API has no {request.method} `{request.path}`, only {there}", "")


def _spot(source: Source, request: Request, message: str, near: str) -> Spot:
    mark = request.mark
    hint = _NEWER if request.is_generated else near
    callee = f"{request.method} {request.path}"
    return Spot(source, mark.line, mark.column, source.module, message, callee, hint)


_NEWER = "the client is of another API than the code: `arckode generate:api-client`"
_CONTROLLER = {
    "src/shop/modules/orders/controller.py": """\
from shop.kernel.access import PUBLIC
from shop.kernel.http.routing import ModuleRouter

class OrdersController:
    def router(self):
        routes = ModuleRouter("orders")
        routes.get("", self.index, access=PUBLIC)
        routes.get("/{order_id:uuid}", self.show, access=PUBLIC)
        return routes.router

    async def index(self): ...

    async def show(self, order_id): ...
"""
}
_SERVICE = "frontend/src/services/orders.service.ts"
RULE = Rule(
    code="ARC706",
    name="unknown-endpoint",
    severity="error",
    summary="The front end sends a request to a path, or by a method, that no route of the API has.",
    why=(
        "Such a request fails when a user presses the button, and the type checker cannot know: a path is a text to "
        "it. Here both sides are read, so a route that was renamed or removed is found before."
    ),
    hint="call the operation of the generated client, which knows the routes",
    check=check,
    layers=("frontend",),
    decides=(
        "Compared: the paths that are written in `fetch`, axios, ky, ofetch, their instances in the same or another "
        "file, and the generated client, with `${...}` for any part, against every route of the code; a prefix that "
        "only one side has is left out. Silent: as long as a route's own path is computed, about paths that begin with "
        "a computed part, about files by their ending, about instances for another host, and about what the kernel "
        "answers itself."
    ),
    bad=(
        Example(
            "misspelt, computed in part, by a method that is not there",
            {
                **_CONTROLLER,
                _SERVICE: """\
export const list = () => fetch("/ordres?page=2"); // error: ARC706
export const one = (id: string) => fetch(`/api/orders/${id}/lines`); // error: ARC706
export const drop = (id: string) => fetch("/orders/" + id, { method: "delete" }); // error: ARC706
""",
            },
        ),
        Example(
            "through an instance of a library in another file, and a client that is older than the API",
            {
                **_CONTROLLER,
                "frontend/src/services/http.ts": """\
import axios from "axios";

export const http = axios.create({ baseURL: "/api" });
""",
                _SERVICE: """\
import { http as api } from "./http";

// api.get("/orders")
export const list = () => api.get("/order"); // error: ARC706
""",
                "frontend/src/api/orders.ts": """\
import { at, send } from "./runtime";

export const ordersPay = (id: string) => send({}, "POST", at`/orders/${id}/pay`, {}); // error: ARC706
""",
            },
        ),
    ),
    good=(
        Example(
            "what is there, below a prefix, and what cannot be known",
            {
                **_CONTROLLER,
                _SERVICE: """\
const name = "ordres";
export const list = () => fetch("/api/orders?sort=-id");
export const one = (id: string) => fetch(`/orders/${id}`);
export const other = () => fetch(`/${name}`);
export const address = (base: string) => fetch(`${base}/ordres`);
export const health = () => fetch("/health/ready");
export const text = 'fetch("/ordres")';
export const keep = new Map().get("/ordres");
""",
            },
        ),
        Example(
            "an API whose paths are computed",
            {
                "src/shop/main.py": """\
from fastapi import FastAPI
from shop.settings import prefix

app = FastAPI()

@app.get(prefix() + "/orders")
async def index(): ...
""",
                _SERVICE: 'export const list = () => fetch("/ordres");\n',
            },
        ),
    ),
)
