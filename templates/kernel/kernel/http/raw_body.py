"""The body exactly as it was sent: a signature is over its bytes, and no JSON written anew has the same ones."""

from typing import Annotated

from fastapi import Depends, Request


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]
"""Ask for it beside a schema, or alone, within the body limit of the route."""
