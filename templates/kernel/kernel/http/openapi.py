"""The API's description, with the one schema the framework cannot know about: our problem document."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from .problems import Problem


def describe(app: FastAPI) -> None:
    """Let the application describe itself with Problem among its schemas."""
    original = app.openapi

    def openapi() -> dict[str, Any]:  # FastAPI's own type
        if app.openapi_schema is None:
            document = original()
            schema = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
            nested = schema.pop("$defs", {})
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update({Problem.__name__: schema, **nested})
            document["components"]["schemas"] = dict(sorted(schemas.items()))
            for parameter in _parameters(document):
                parameter["schema"] = _without_null(parameter["schema"])
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the documented way to extend it


def _parameters(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        for operation in path.values():
            yield from operation.get("parameters", ())


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Say that a parameter is left out, not null: a query string has no null, and `?status=null` is refused."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if not choices:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return rest | (choices[0] if len(choices) == 1 else {"anyOf": choices})
