"""The API's description, with the one schema the framework cannot know about: our problem document."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fastapi import FastAPI

from .problems import MEDIA_TYPE, Problem

Addition = Callable[[str, dict[str, Any]], None]
"""Adds to the description of one operation, of which it gets the method in small letters."""


def describe(app: FastAPI, additions: Iterable[Addition] = ()) -> None:
    """Let the application describe itself with Problem among its schemas, and with what its layers add."""
    additions = tuple(additions)
    original = app.openapi

    def openapi() -> dict[str, Any]:  # FastAPI's own type
        if app.openapi_schema is None:
            document = original()
            schema = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
            nested = schema.pop("$defs", {})
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update({Problem.__name__: schema, **nested})
            document["components"]["schemas"] = dict(sorted(schemas.items()))
            for method, operation in _operations(document):
                for add in additions:
                    add(method, operation)
            for parameter in _parameters(document):
                parameter["schema"] = _without_null(parameter["schema"])
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the documented way to extend it


def may_be_refused(_method: str, operation: dict[str, Any]) -> None:
    """Say that an address which asks too often is refused."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    answer = {"description": "Too Many Requests", "content": {MEDIA_TYPE: {"schema": schema}}}
    operation["responses"] = dict(sorted({"429": answer, **operation["responses"]}.items()))


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        yield from path.items()


def _parameters(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _, operation in _operations(document):
        yield from operation.get("parameters", ())


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Say that a parameter is left out, not null: a query string has no null, and `?status=null` is refused."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if not choices:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return rest | (choices[0] if len(choices) == 1 else {"anyOf": choices})
