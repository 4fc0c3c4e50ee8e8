"""Assertions in a line: what `--fail-unless` and `--warn-unless` take, and what `list` shows."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from arguslm_contracts.probes import Assertion

FORMS = (
    "status=200, total_ms<=2000 (or headers_ms, first_token_ms, first_answer_token_ms, "
    "max_gap_ms), matches=REGEX, $.path, $.path=VALUE, $.path~TEXT, schema=FILE"
)
_LATENCY = re.compile(
    r"(headers_ms|first_token_ms|first_answer_token_ms|max_gap_ms|total_ms)\s*<=\s*(\d+(?:\.\d+)?)"
)
_PATH = re.compile(r"(\$[^=~]*)(?:([=~])(.*))?", re.DOTALL)


def assertion_of(text: str, level: str) -> dict[str, Any]:
    """The assertion that a line says.

    Raises:
        typer.BadParameter: it is none of the forms.
    """
    if (latency := _LATENCY.fullmatch(text.strip())) is not None:
        metric, at_most_ms = latency.groups()
        return _of("latency", level, metric=metric, at_most_ms=float(at_most_ms))
    name, _, value = text.partition("=")
    if name.strip() == "status" and value.strip().isdigit():
        return _of("status", level, equals=int(value))
    if name.strip() == "matches" and value:
        return _of("regex", level, pattern=value)
    if name.strip() == "schema" and value:
        return _of("json_schema", level, json_schema=schema_in(Path(value)))
    if (path := _PATH.fullmatch(text.strip())) is not None:
        return _path(*path.groups(), level=level)
    raise typer.BadParameter(f"{text!r} is no assertion; the forms are {FORMS}")


def schema_in(file: Path) -> dict[str, Any]:
    """A JSON schema from a file.

    Raises:
        typer.BadParameter: there is none in it.
    """
    try:
        schema = json.loads(file.read_text())
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise typer.BadParameter(f"{file} is no JSON: {error}") from None
    if not isinstance(schema, dict):
        raise typer.BadParameter(f"{file} holds no JSON object")
    return schema


def text_of(assertion: "Assertion") -> str:
    """An assertion as it would be typed."""
    level = "" if assertion.level == "fail" else " (warn)"
    match assertion.type:
        case "status":
            said = f"status={assertion.equals}"
        case "latency":
            said = f"{assertion.metric}<={assertion.at_most_ms:g}"
        case "regex":
            said = f"matches={assertion.pattern}"
        case "json_schema":
            said = "fits a schema"
        case "json_path":
            said = assertion.path
            if assertion.equals is not None:
                said += f"={json.dumps(assertion.equals)}"
            elif assertion.contains is not None:
                said += f"~{assertion.contains}"
    return said + level


def _path(path: str, how: str | None, value: str | None, *, level: str) -> dict[str, Any]:
    if how is None:
        return _of("json_path", level, path=path.strip())
    if how == "~":
        return _of("json_path", level, path=path.strip(), contains=value)
    try:
        equals = json.loads(value or "")
    except ValueError:
        equals = value  # a word needs no quotes
    return _of("json_path", level, path=path.strip(), equals=equals)


def _of(kind: str, level: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "level": level, **fields}
