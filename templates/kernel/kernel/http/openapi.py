"""The API's description, with the one schema the framework cannot know about: our problem document."""

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
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the documented way to extend it
