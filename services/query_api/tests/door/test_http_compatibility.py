"""What ArgusLM 0.x answered, we answer: each path, parameter, request field and response field.

`arguslm-0.x-openapi.json` is 0.x's own document without its prose.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arguslm_query_api.http.application import describe_only

OLD: dict[str, Any] = json.loads((Path(__file__).parent / "arguslm-0.x-openapi.json").read_text())
NEW: dict[str, Any] = describe_only().openapi()
# `GET /` is the dashboard now; without one it answers as before (see test_auth_every_route).
OPERATIONS = [
    (path, method) for path, methods in OLD["paths"].items() for method in methods if path != "/"
]


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference, or the one alternative of a nullable one."""
    while "$ref" in schema or "anyOf" in schema:
        if "anyOf" in schema:
            schema = next((one for one in schema["anyOf"] if one.get("type") != "null"), {})
            continue
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def fields(document: dict[str, Any], schema: dict[str, Any], place: str = "") -> Iterator[str]:
    """Every field of a schema with its type, as `items[].id: string`."""
    schema = resolved(document, schema)
    if schema.get("type") == "array":
        yield from fields(document, schema.get("items", {}), f"{place}[]")
        return
    for name, inner in schema.get("properties", {}).items():
        here = f"{place}.{name}".lstrip(".")
        yield f"{here}: {_kind(resolved(document, inner))}"
        yield from fields(document, inner, here)


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        return "string"
    return str(schema.get("type", "any"))


def body_of(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    found: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    return found


def operation_of(path: str, method: str) -> dict[str, Any]:
    operation: dict[str, Any] = NEW["paths"][path][method]
    return operation


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_an_operation_of_0x_is_still_there(path: str, method: str) -> None:
    old, new = OLD["paths"][path][method], operation_of(path, method)
    known = {(one["name"], one["in"]) for one in new.get("parameters", [])}
    assert {(one["name"], one["in"]) for one in old.get("parameters", [])} <= known
    assert set(old["responses"]) <= set(new["responses"])
    for status, answer in old["responses"].items():
        schema = answer["content"].get("application/json", {}).get("schema")
        if not schema or path == "/health":
            continue
        given = new["responses"][status]["content"]["application/json"]["schema"]
        missing = set(fields(OLD, schema)) - set(fields(NEW, given))
        assert not missing, f"{method} {path} {status}"


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_request_of_0x_is_still_taken(path: str, method: str) -> None:
    old, new = OLD["paths"][path][method], operation_of(path, method)
    taken, asked = resolved(NEW, body_of(NEW, new)), resolved(OLD, body_of(OLD, old))
    assert set(asked.get("properties", {})) <= set(taken.get("properties", {}))
    assert set(taken.get("required", [])) <= set(asked.get("required", []))
    for one in old.get("parameters", []):
        (ours,) = [it for it in new["parameters"] if it["name"] == one["name"]]
        assert ours.get("required", False) <= one["required"], one["name"]
        default = one["schema"].get("default")
        assert ours["schema"].get("default") == default, one["name"]
        if "maximum" in one["schema"]:
            assert ours["schema"]["maximum"] >= one["schema"]["maximum"], one["name"]


def test_every_operation_says_who_may_and_what_goes_wrong() -> None:
    names = set()
    for path, methods in NEW["paths"].items():
        for method, operation in methods.items():
            assert operation["operationId"] not in names
            names.add(operation["operationId"])
            problem = operation["responses"]["default"]["content"]["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
            is_open = operation.get("security") == []
            assert is_open == (path in ("/health", "/api/v1/auth/login", "/api/v1/auth/refresh")), (
                f"{method} {path}"
            )
    assert set(NEW["components"]["securitySchemes"]) == {"bearer", "session"}
