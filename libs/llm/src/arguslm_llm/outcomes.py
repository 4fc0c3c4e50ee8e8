"""What became of a request, decided from recorded facts: status code before typed code before
wording. Versioned with the taxonomy in contracts."""

import re
from dataclasses import dataclass

from arguslm_contracts.outcomes import Outcome
from arguslm_llm.decoders.transcript import ProviderError

_CUT_SHORT = {"length", "max_tokens", "max_output_tokens", "model_length"}
_FILTERED = {
    "content_filter",
    "content_filtered",
    "guardrail_intervened",
    "refusal",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
    "image_safety",
    "error_toxic",
}
# What one word means at one vendor and not at another.
_QUOTA_MEANS_RATE = {"dashscope", "qwencloud", "qwen_ai_platform"}

_QUOTA_CODES = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "insufficient_balance",
    "insufficient_credits",
    "quota_exceeded_billing",
    "terminal_quota_exhausted",
    "account_deactivated",
    "access_terminated",
    "arrearage",
}
_MODEL_CODES = {
    "model_not_found",
    "model_decommissioned",
    "model_not_available",
    "model_not_supported",
    "modelnotfound",
    "deploymentnotfound",
    "model_deprecated",
}
_AUTH_CODES = {"invalid_api_key", "api_key_invalid", "authentication_error", "api_key_expired"}
_FILTER_CODES = {"content_filter", "content_policy_violation", "data_inspection_failed"}
_OVERLOAD_CODES = {"overloaded_error", "engine_overloaded", "engine_overloaded_error", "slow_down"}
_UNSUPPORTED_CODES = {"unsupported_parameter", "unsupported_value", "unsupported_api_for_model"}

_MODEL_WORDS = re.compile(
    r"\bmodels?\b.{0,200}\b(not (be )?(found|exist|available|pulled)|does not exist|unknown"
    r"|no longer|decommissioned|deprecated|retired|invalid)"
    r"|\b(unknown|invalid|no such|not a valid|unrecognized) model\b"
    r"|not a valid model",
    re.IGNORECASE | re.DOTALL,
)
_QUOTA_WORDS = re.compile(
    r"credit balance|insufficient (balance|credit|fund|quota)|out of credits|billing"
    r"|exceeded your current quota|payment required|used all available credits",
    re.IGNORECASE,
)
_AUTH_WORDS = re.compile(r"api[ _-]?key (not valid|is invalid|expired)|invalid api[ _-]?key", re.I)
_FILTER_WORDS = re.compile(r"content (management )?policy|moderation|flagged|safety system", re.I)
_UNSUPPORTED_WORDS = re.compile(r"not support|unsupported|is not (a chat|allowed for this)", re.I)
_OVERLOAD_WORDS = re.compile(r"overloaded|at capacity|no capacity|over capacity", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """The facts an outcome is decided from.

    `transport` is how the wire failed, None when the response came whole. `answered` is whether
    there was an answer worth the name (words or a tool call), `tokens` whether anything at all
    was produced, shown or billed.
    """

    provider_type: str
    transport: Outcome | None = None
    status: int | None = None
    error: ProviderError | None = None
    answered: bool = False
    tokens: bool = False
    finish_reason: str | None = None
    malformed: str | None = None


def decide(finding: Finding) -> Outcome:
    """The one outcome of one request."""
    status = finding.status
    if status is None:
        return finding.transport or Outcome.MONITOR_ERROR
    if status >= 400:
        return _refusal(status, finding.error or ProviderError(), finding.provider_type)
    if status >= 300:
        return Outcome.BAD_REQUEST  # we follow no redirect: a key goes where it was meant to
    return _answer(finding)


def _answer(finding: Finding) -> Outcome:
    reason = (finding.finish_reason or "").lower()
    if reason in _FILTERED:
        return Outcome.CONTENT_FILTERED
    if finding.error is not None:
        return Outcome.ERROR_IN_STREAM
    if finding.transport is not None:
        return finding.transport
    if finding.malformed is not None:
        return Outcome.INVALID_STREAM
    if finding.answered:
        return Outcome.OK
    return Outcome.TRUNCATED if finding.tokens and reason in _CUT_SHORT else Outcome.EMPTY


# Statuses that need no further reading. 408 is the provider's own time-out, 424 its backend's
# failure, 498 and 529 are what Groq and Anthropic say when they are full.
_BY_STATUS = {
    401: Outcome.AUTH,
    402: Outcome.QUOTA_EXHAUSTED,
    408: Outcome.SERVER_ERROR,
    424: Outcome.SERVER_ERROR,
    498: Outcome.OVERLOADED,
    503: Outcome.OVERLOADED,
    529: Outcome.OVERLOADED,
}


def _refusal(status: int, error: ProviderError, provider_type: str) -> Outcome:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    codes = {code.lower() for code in (error.type, error.code) if code}
    words = error.message or ""
    match status:
        case 403:
            return _forbidden(codes, words)
        case 404 | 410:
            return _not_found(status, codes, words)
        case 429:
            return _throttled(codes, words, provider_type)
    if status < 500:
        return _bad_request(codes, words)
    return Outcome.OVERLOADED if codes & _OVERLOAD_CODES else Outcome.SERVER_ERROR


def _forbidden(codes: set[str], words: str) -> Outcome:
    if codes & _QUOTA_CODES or _QUOTA_WORDS.search(words):
        return Outcome.QUOTA_EXHAUSTED
    if codes & _FILTER_CODES or _FILTER_WORDS.search(words):
        return Outcome.CONTENT_FILTERED
    return Outcome.AUTH


def _not_found(status: int, codes: set[str], words: str) -> Outcome:
    """A 404 that does not speak of a model is a wrong address: our mistake, not theirs."""
    speaks_of_model = codes & _MODEL_CODES or re.search(r"model|deployment", words, re.IGNORECASE)
    return Outcome.MODEL_GONE if speaks_of_model or status == 410 else Outcome.BAD_REQUEST


def _throttled(codes: set[str], words: str, provider_type: str) -> Outcome:
    if codes & _OVERLOAD_CODES:
        return Outcome.OVERLOADED
    if provider_type in _QUOTA_MEANS_RATE:
        return Outcome.RATE_LIMITED
    if codes & _QUOTA_CODES:
        return Outcome.QUOTA_EXHAUSTED
    if codes & {"rate_limit_exceeded", "rate_limit_error", "resource_exhausted"}:
        return Outcome.RATE_LIMITED
    if _OVERLOAD_WORDS.search(words):
        return Outcome.OVERLOADED
    return Outcome.QUOTA_EXHAUSTED if _QUOTA_WORDS.search(words) else Outcome.RATE_LIMITED


# For 400, 422 and their like: the first line that fits.
_BAD_REQUEST_BY_CODE: tuple[tuple[set[str], Outcome], ...] = (
    (_MODEL_CODES, Outcome.MODEL_GONE),
    (_AUTH_CODES, Outcome.AUTH),
    (_QUOTA_CODES, Outcome.QUOTA_EXHAUSTED),
    (_FILTER_CODES, Outcome.CONTENT_FILTERED),
    (_UNSUPPORTED_CODES, Outcome.UNSUPPORTED),
)
_BAD_REQUEST_BY_WORDS: tuple[tuple[re.Pattern[str], Outcome], ...] = (
    (_QUOTA_WORDS, Outcome.QUOTA_EXHAUSTED),
    (_AUTH_WORDS, Outcome.AUTH),
    (_UNSUPPORTED_WORDS, Outcome.UNSUPPORTED),
    (_MODEL_WORDS, Outcome.MODEL_GONE),
    (_FILTER_WORDS, Outcome.CONTENT_FILTERED),
)


def _bad_request(codes: set[str], words: str) -> Outcome:
    for known, outcome in _BAD_REQUEST_BY_CODE:
        if codes & known:
            return outcome
    for pattern, outcome in _BAD_REQUEST_BY_WORDS:
        if pattern.search(words):
            return outcome
    return Outcome.BAD_REQUEST
