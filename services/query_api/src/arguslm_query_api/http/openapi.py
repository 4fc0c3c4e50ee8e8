"""The OpenAPI document: complete enough to generate clients, and the same on every run."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from arguslm_contracts.rest.base import Problem
from arguslm_query_api.http.problems import MEDIA_TYPE

_OPEN = {"/api/v1/auth/login", "/api/v1/auth/refresh", "/health"}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "an access token of /auth/login, or an API key (argus_...)",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "arguslm_session"},
}


def describe(app: FastAPI) -> None:
    """Have the application describe itself with security schemes and problem details."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary="LLM endpoints watched, measured, benchmarked.",
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    components["securitySchemes"] = _SECURITY
    document["security"] = [{name: []} for name in _SECURITY]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _complete(operation, is_open=path in _OPEN)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] = dict(sorted(schemas.items()))
    return document


def _complete(operation: dict[str, Any], *, is_open: bool) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    responses["default"] = {
        "description": "A problem: RFC 9457.",
        "content": {MEDIA_TYPE: {"schema": _PROBLEM}},
    }
    if is_open:
        operation["security"] = []
