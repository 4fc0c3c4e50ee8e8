"""Errors as providers word them, in a body of their own or in the middle of a stream."""

import re
from typing import Any

from arguslm_llm.decoders.transcript import ProviderError, as_list, as_object, as_text, json_of

_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_LONGEST_PAGE_BYTES = 20_000
_WORDED_IN = (
    *("message", "Message", "detail", "error", "msg", "errorMessage", "error_description"),
    "title",
)
_CODED_IN = ("code", "error_code", "errorCode", "ErrorCode", "Code")


def error_in(value: Any) -> ProviderError | None:
    """The error that a JSON value, or an object in a list (Google's), speaks of; else None."""
    if isinstance(value, list):
        objects = (item for item in value if isinstance(item, dict))
        return next((found for item in objects if (found := error_in(item))), None)
    if not isinstance(value, dict):
        return None
    error = value.get("error")
    if isinstance(error, dict) and error:
        return _from_object(error)
    if isinstance(error, str) and error:
        return ProviderError(as_text(value.get("type")), as_text(value.get("code")), error)
    if value.get("object") == "error" or value.get("type") == "error":
        return _from_object(value)
    return _from_minimax(as_object(value.get("base_resp")))


def _from_minimax(said: dict[str, Any]) -> ProviderError | None:
    """It says in every answer whether it is one; 0 is none of its errors."""
    if not said.get("status_code"):
        return None
    return ProviderError(code=as_text(said["status_code"]), message=as_text(said.get("status_msg")))


def error_body(body: bytes, headers: dict[str, str]) -> ProviderError:
    """What the body of a failed request says. Web pages give their words without the tags."""
    value = json_of(body)
    found = error_in(value)
    if found is None and isinstance(value, dict):
        found = _from_object(_first_of_several(value))
    if found is None:
        text = body[:_LONGEST_PAGE_BYTES].decode("utf-8", "replace")
        found = ProviderError(message=_SPACE.sub(" ", _TAGS.sub(" ", text)).strip() or None)
    aws_type = headers.get("x-amzn-errortype", "").partition(":")[0]
    if aws_type and not found.type:
        found = ProviderError(aws_type, found.code, found.message)
    return found


def _first_of_several(value: dict[str, Any]) -> dict[str, Any]:
    """Cloudflare and watsonx send a list."""
    errors = [error for error in as_list(value.get("errors")) if isinstance(error, dict)]
    return errors[0] if errors else value


def _from_object(error: dict[str, Any]) -> ProviderError:
    kind = (
        as_text(error.get("type")) or as_text(error.get("status")) or as_text(error.get("__type"))
    )
    return ProviderError(
        type=kind,
        code=_code(error),
        message=_message(error),
    )


def _code(error: dict[str, Any]) -> str | None:
    """The typed code: Google keeps its own deeper than the number beside it."""
    for detail in as_list(error.get("details")):
        if reason := as_text(as_object(detail).get("reason")):
            return reason
    code = next((code for name in _CODED_IN if (code := as_text(error.get(name)))), None)
    reason = as_text(error.get("reason"))
    says_no_more_than_the_status = code is None or code.isdigit()
    return reason if reason and says_no_more_than_the_status else code


def _fault(item: dict[str, Any]) -> str | None:
    """One of FastAPI's: the last step to the field, and what is wrong with it."""
    said, place = as_text(item.get("msg")), as_list(item.get("loc"))
    field = as_text(place[-1]) if place else None
    return f"{field}: {said}" if said and field else said


def _message(error: dict[str, Any], *, levels: int = 3) -> str | None:
    """Some wrap it once or twice; nobody is followed further down."""
    for name in _WORDED_IN:
        value = error.get(name)
        if isinstance(value, dict) and levels > 1:
            value = _message(value, levels=levels - 1)
        if isinstance(value, list):
            value = "; ".join(filter(None, map(_fault, map(as_object, value))))
        if text := as_text(value):
            return text
    return None
