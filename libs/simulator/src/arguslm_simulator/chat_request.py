"""Reading POST /v1/chat/completions: what the simulator heeds, refused in OpenAI's words."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from arguslm_simulator.openai_form import ApiError


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """`max_tokens` covers reasoning and answer together; None = no limit."""

    model: str
    stream: bool
    include_usage: bool
    max_tokens: int | None
    prompt_tokens: int


def parse_chat_request(body: bytes) -> ChatRequest:
    """Raises `ApiError` (400) for what OpenAI would not accept either."""
    try:
        document = json.loads(body)
    except ValueError:
        raise _refusal("We could not parse the JSON body of your request.") from None
    if not isinstance(document, dict):
        raise _refusal("The JSON body of your request must be an object.")
    model = document.get("model")
    if not isinstance(model, str) or not model:
        raise _refusal("You must provide a model parameter.", param="model")
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _refusal(
            "Missing required parameter: 'messages'.",
            param="messages",
            code="missing_required_parameter",
        )
    options = document.get("stream_options")
    return ChatRequest(
        model=model,
        stream=document.get("stream") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        max_tokens=_max_tokens(document),
        prompt_tokens=max(1, len(json.dumps(messages)) // 4),
    )


def _max_tokens(document: dict[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = document.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise _refusal(f"Invalid '{name}': expected an integer of at least 1.", param=name)
        return value
    return None


def _refusal(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, message, param=param, code=code)
