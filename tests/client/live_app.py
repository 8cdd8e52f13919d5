"""A small API that does what a generated project does not do yet: sign-in, files, streams, all that can go wrong."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import Depends, FastAPI, File, Form, Header, HTTPException, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.security import HTTPBearer, OAuth2PasswordRequestForm
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

app = FastAPI(title="live")
calls: Counter[str] = Counter()
tokens = {"fresh-1"}


class Token(BaseModel):
    token: str


class Tick(BaseModel):
    number: int


class Uploaded(BaseModel):
    name: str
    size: int
    note: str | None
    others: list[int]


async def signed_in(authorization: Annotated[str, Header()] = "") -> str:
    if authorization.removeprefix("Bearer ") not in tokens:
        raise HTTPException(401, "Sign in first.")
    return authorization


secured = [Depends(HTTPBearer(auto_error=False)), Depends(signed_in)]


@app.post("/login", operation_id="login", tags=["auth"])
async def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    if form.password != "right & proper":
        raise HTTPException(401, "Wrong password.")
    return Token(token="fresh-1")


@app.post("/refresh", operation_id="refresh", tags=["auth"])
async def refresh(slow: Annotated[bool, Query()] = False) -> Token:
    calls["refresh"] += 1
    await asyncio.sleep(0.1)
    return Token(token="fresh-1")


@app.get("/me", operation_id="me", tags=["auth"], dependencies=secured)
async def me(request: Request) -> dict[str, str]:
    calls["me"] += 1
    return {name: request.headers.get(name, "") for name in ("authorization", "x-request-id", "x-correlation-id")}


@app.get("/hits/{key}", operation_id="hits", tags=["trouble"])
async def hits(key: str) -> int:
    return calls[key]


@app.get(
    "/html",
    operation_id="html_from_a_proxy",
    tags=["trouble"],
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def html(status: Annotated[int, Query()]) -> HTMLResponse:
    calls["html"] += 1
    return HTMLResponse("<h1>Bad gateway</h1>", status)


@app.get("/slow", operation_id="slow", tags=["trouble"])
async def slow(seconds: Annotated[float, Query()]) -> str:
    await asyncio.sleep(seconds)
    return "at last"


@app.get("/busy/{key}", operation_id="busy", tags=["trouble"])
async def busy(key: str, times: Annotated[int, Query()], after: Annotated[str, Query()] = "0") -> str:
    calls[key] += 1
    if calls[key] <= times:
        raise HTTPException(503, "Later.", {"Retry-After": after})
    return "done"


@app.post("/busy/{key}", operation_id="busy_post", tags=["trouble"])
async def busy_post(key: str, idempotency_key: Annotated[str | None, Header()] = None) -> str | None:
    calls[key] += 1
    if calls[key] == 1:
        raise HTTPException(503, "Later.", {"Retry-After": "0"})
    return idempotency_key


@app.post("/upload", operation_id="upload", tags=["files"])
async def upload(
    file: Annotated[UploadFile, File()],
    others: Annotated[list[UploadFile], File()],
    note: Annotated[str | None, Form()] = None,
) -> Uploaded:
    sizes = [len(await each.read()) for each in others]
    return Uploaded(name=file.filename or "", size=len(await file.read()), note=note, others=sizes)


@app.get(
    "/report",
    operation_id="report",
    tags=["files"],
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def report() -> Response:
    headers = {"Content-Disposition": "attachment; filename*=UTF-8''se%C3%B1ales.csv"}
    return Response("id,name\n1,ñ\n", media_type="text/csv", headers=headers)


@app.get("/words", operation_id="words", tags=["files"], response_class=PlainTextResponse)
async def words() -> str:
    return "just words"


@app.get("/query", operation_id="echo", tags=["trouble"])
async def echo(request: Request, ids: Annotated[list[int] | None, Query()] = None, q: str | None = None) -> str:
    return request.url.query


@app.get("/path/{value}", operation_id="path_value", tags=["trouble"])
async def path_value(value: str) -> str:
    return value


@app.get("/ticks", operation_id="ticks", tags=["streams"], response_class=EventSourceResponse, dependencies=secured)
async def ticks(last_event_id: Annotated[str | None, Header()] = None) -> AsyncIterable[Tick]:
    for number in range(3):
        yield Tick(number=number)


@app.get(
    "/breaks",
    operation_id="breaks",
    tags=["streams"],
    responses={200: {"content": {"text/event-stream": {}}}},
    response_class=Response,
)
async def breaks(request: Request) -> Response:
    """Answer two events and break the connection; go on from the last one the next time."""
    start = int(request.headers.get("last-event-id", "0"))
    first = f"retry: 10\r\nid: {start + 1}\r\nevent: step\r\ndata: one\r\ndata: two {start}\r\n\r\n: comment\n\n"
    if start >= 2:
        return Response(first, media_type="text/event-stream")

    async def body() -> AsyncIterable[bytes]:
        yield first.encode()
        await asyncio.sleep(0.05)
        raise ConnectionResetError

    from starlette.responses import StreamingResponse

    return StreamingResponse(body(), media_type="text/event-stream")


__all__ = ["ServerSentEvent", "app"]
