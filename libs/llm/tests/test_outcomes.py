"""Outcomes from evidence as vendors really send it."""

import json

import pytest

from arguslm_contracts.outcomes import Outcome
from arguslm_llm.decoders.errors import error_body
from arguslm_llm.decoders.transcript import ProviderError
from arguslm_llm.outcomes import Finding, decide


def openai(message, kind=None, code=None):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic(kind, message):
    return {"type": "error", "error": {"type": kind, "message": message}}


def google(code, status, message, reason=None):
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    error = {"code": code, "message": message, "status": status}
    return {"error": {**error, "details": details} if reason else error}


REFUSALS = [
    # OpenAI
    ("openai", 401, openai("Incorrect API key provided", "x", "invalid_api_key"), Outcome.AUTH),
    (
        "openai",
        429,
        openai("You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
        Outcome.QUOTA_EXHAUSTED,
    ),
    (
        "openai",
        429,
        openai("Rate limit reached for gpt-x", "requests", "rate_limit_exceeded"),
        Outcome.RATE_LIMITED,
    ),
    (
        "openai",
        404,
        openai("The model `x` does not exist", "invalid_request_error", "model_not_found"),
        Outcome.MODEL_GONE,
    ),
    ("openai", 404, openai("Invalid URL (POST /v1/chat)"), Outcome.BAD_REQUEST),
    (
        "openai",
        400,
        openai("Unsupported parameter: 'max_tokens'", "x", "unsupported_parameter"),
        Outcome.UNSUPPORTED,
    ),
    (
        "openai",
        400,
        openai("'messages' is too short", "invalid_request_error"),
        Outcome.BAD_REQUEST,
    ),
    ("openai", 500, openai("The server had an error", "server_error"), Outcome.SERVER_ERROR),
    ("openai", 503, openai("overloaded", "server_error"), Outcome.OVERLOADED),
    (
        "azure_openai",
        400,
        openai("The response was filtered", None, "content_filter"),
        Outcome.CONTENT_FILTERED,
    ),
    (
        "azure_openai",
        404,
        openai("The API deployment for this resource does not exist.", None, "DeploymentNotFound"),
        Outcome.MODEL_GONE,
    ),
    # Anthropic
    ("anthropic", 401, anthropic("authentication_error", "invalid x-api-key"), Outcome.AUTH),
    ("anthropic", 403, anthropic("permission_error", "no permission"), Outcome.AUTH),
    (
        "anthropic",
        400,
        anthropic("invalid_request_error", "Your credit balance is too low"),
        Outcome.QUOTA_EXHAUSTED,
    ),
    ("anthropic", 404, anthropic("not_found_error", "model: claude-x"), Outcome.MODEL_GONE),
    ("anthropic", 529, anthropic("overloaded_error", "Overloaded"), Outcome.OVERLOADED),
    ("anthropic", 500, anthropic("overloaded_error", "Overloaded"), Outcome.OVERLOADED),
    ("anthropic", 429, anthropic("rate_limit_error", "over your limit"), Outcome.RATE_LIMITED),
    # Google
    (
        "google_ai_studio",
        400,
        google(400, "INVALID_ARGUMENT", "API key not valid.", "API_KEY_INVALID"),
        Outcome.AUTH,
    ),
    (
        "google_ai_studio",
        429,
        google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, check billing"),
        Outcome.RATE_LIMITED,
    ),
    (
        "google_ai_studio",
        404,
        google(404, "NOT_FOUND", "models/gemini-x is not found for API version v1beta"),
        Outcome.MODEL_GONE,
    ),
    (
        "google_ai_studio",
        503,
        google(503, "UNAVAILABLE", "The model is overloaded."),
        Outcome.OVERLOADED,
    ),
    # Others
    ("openrouter", 402, openai("Insufficient credits", None, 402), Outcome.QUOTA_EXHAUSTED),
    ("openrouter", 403, openai("Your input was flagged by moderation"), Outcome.CONTENT_FILTERED),
    ("openrouter", 400, openai("x/y is not a valid model ID", None, 400), Outcome.MODEL_GONE),
    ("deepseek", 402, openai("Insufficient Balance"), Outcome.QUOTA_EXHAUSTED),
    (
        "dashscope",
        429,
        openai("You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
        Outcome.RATE_LIMITED,
    ),
    (
        "groq",
        400,
        openai("The model `x` has been decommissioned", "x", "model_decommissioned"),
        Outcome.MODEL_GONE,
    ),
    ("groq", 498, openai("Flex tier capacity exceeded"), Outcome.OVERLOADED),
    ("ollama", 404, {"error": "model 'llama9' not found"}, Outcome.MODEL_GONE),
    ("ollama", 500, {"error": "model requires more system memory"}, Outcome.SERVER_ERROR),
    (
        "vllm",
        404,
        {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError"},
        Outcome.MODEL_GONE,
    ),
    ("vllm", 404, {"detail": "Not Found"}, Outcome.BAD_REQUEST),
    ("litellm_proxy", 422, {"detail": [{"msg": "field required"}]}, Outcome.BAD_REQUEST),
    ("custom_openai_compatible", 410, {}, Outcome.MODEL_GONE),
    ("custom_openai_compatible", 502, "<html>Bad Gateway</html>", Outcome.SERVER_ERROR),
    ("custom_openai_compatible", 418, "", Outcome.BAD_REQUEST),
    ("custom_openai_compatible", 301, "", Outcome.BAD_REQUEST),
]


@pytest.mark.parametrize(("provider", "status", "body", "outcome"), REFUSALS)
def test_a_refusal(provider, status, body, outcome):
    raw = body if isinstance(body, str) else json.dumps(body)
    error = error_body(raw.encode(), {})
    assert decide(Finding(provider, status=status, error=error)) is outcome


def answer(**facts):
    return decide(Finding("openai", status=200, **facts))


def test_answers():
    failed = ProviderError("server_error", None, "boom")
    assert answer(answered=True, finish_reason="stop") is Outcome.OK
    assert answer(answered=True, finish_reason="length") is Outcome.OK
    assert answer(answered=True) is Outcome.OK
    assert answer() is Outcome.EMPTY
    assert answer(tokens=True, finish_reason="stop") is Outcome.EMPTY
    for word in ("length", "max_tokens", "MAX_TOKENS", "max_output_tokens"):
        assert answer(tokens=True, finish_reason=word) is Outcome.TRUNCATED
        assert answer(finish_reason=word) is Outcome.EMPTY
    for word in ("content_filter", "SAFETY", "refusal", "PROHIBITED_CONTENT"):
        assert answer(answered=True, finish_reason=word) is Outcome.CONTENT_FILTERED
    assert answer(answered=True, error=failed) is Outcome.ERROR_IN_STREAM
    assert answer(error=failed, transport=Outcome.DISCONNECTED) is Outcome.ERROR_IN_STREAM
    assert answer(answered=True, transport=Outcome.STALLED) is Outcome.STALLED
    assert answer(answered=True, malformed="?") is Outcome.INVALID_STREAM


def test_without_a_status_the_transport_speaks():
    assert decide(Finding("openai", transport=Outcome.DNS)) is Outcome.DNS
    assert decide(Finding("openai")) is Outcome.MONITOR_ERROR


def test_a_status_counts_even_when_the_connection_broke_afterwards():
    finding = Finding("openai", status=401, transport=Outcome.DISCONNECTED)
    assert decide(finding) is Outcome.AUTH


def test_errors_keep_what_they_say():
    page = b"<html><head><style>p{}</style></head><body><h1>502</h1> Bad  Gateway</body></html>"
    assert error_body(page, {}).message == "502 Bad Gateway"
    aws = error_body(b'{"message": "no"}', {"x-amzn-errortype": "ThrottlingException:http://x"})
    assert (aws.type, aws.message) == ("ThrottlingException", "no")
    assert error_body(b"", {}).message is None
