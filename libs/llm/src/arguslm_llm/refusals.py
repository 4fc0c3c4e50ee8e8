"""What vendors refuse with: status code before typed code before wording. What changes here changes
the taxonomy's version."""

import re
from collections.abc import Iterator

from arguslm_contracts.measurement import Evidence
from arguslm_contracts.outcomes import Outcome

# Statuses that need no further reading. 408 is the provider's own time-out, 498 and 529 are what
# Groq and Anthropic say when they are full.
_BY_STATUS = {
    401: Outcome.AUTH,
    402: Outcome.QUOTA_EXHAUSTED,
    408: Outcome.SERVER_ERROR,
    410: Outcome.MODEL_GONE,
    413: Outcome.BAD_REQUEST,
    451: Outcome.REGION_BLOCKED,
    498: Outcome.OVERLOADED,
    501: Outcome.UNSUPPORTED,
    503: Outcome.OVERLOADED,
    529: Outcome.OVERLOADED,
}

# What codes and words may make of the other statuses, and what one means without them.
_READINGS: dict[int, tuple[set[Outcome], Outcome]] = {
    403: (
        {Outcome.QUOTA_EXHAUSTED, Outcome.CONTENT_FILTERED, Outcome.REGION_BLOCKED},
        Outcome.AUTH,
    ),
    # One that does not speak of a model is a wrong address: our mistake, not theirs.
    404: ({Outcome.AUTH, Outcome.MODEL_GONE, Outcome.UNSUPPORTED}, Outcome.BAD_REQUEST),
    # Its backend's failure, if the backend does not say that we asked wrongly.
    424: ({Outcome.BAD_REQUEST}, Outcome.SERVER_ERROR),
    429: ({Outcome.OVERLOADED, Outcome.QUOTA_EXHAUSTED}, Outcome.RATE_LIMITED),
}
_BAD_REQUEST = (
    {
        Outcome.AUTH,
        Outcome.CONTENT_FILTERED,
        Outcome.MODEL_GONE,
        Outcome.OVERLOADED,
        Outcome.QUOTA_EXHAUSTED,
        Outcome.RATE_LIMITED,
        Outcome.REGION_BLOCKED,
        Outcome.TRUNCATED,
        Outcome.UNSUPPORTED,
    },
    Outcome.BAD_REQUEST,
)
_SERVER_ERROR = ({Outcome.OVERLOADED}, Outcome.SERVER_ERROR)

# Typed codes in lower case; what is in no table says nothing.
_CODES_OF = {
    Outcome.QUOTA_EXHAUSTED: (
        *("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"),
        *("organization_spend_limit_exceeded", "project_spend_limit_exceeded"),
        *("account_deactivated", "access_terminated", "exceeded_current_quota_error"),
        *("billing_error", "blocked_api_access", "insufficient_balance", "insufficient_credits"),
        *("quota_exceeded_billing", "terminal_quota_exhausted", "budget_exceeded"),
        *("servicequotaexceededexception", "arrearage", "allocationquota.freetieronly"),
        *("accountoverdueerror", "setlimitexceeded", "not_enough_balance", "credit_limit"),
        "token_quota_reached",
    ),
    Outcome.RATE_LIMITED: (
        *("rate_limit_exceeded", "rate_limit_error", "rate_limited", "ratelimitreached"),
        *("resource_exhausted", "throttlingexception"),
        *("throttling", "throttling.ratequota", "throttling.allocationquota"),
        *("limit_requests", "limit_burst_rate", "token_quota_exceeded", "request_quota_exceeded"),
    ),
    Outcome.OVERLOADED: (
        *("overloaded_error", "engine_overloaded", "engine_overloaded_error", "slow_down"),
        *("modelnotreadyexception", "serviceunavailableexception", "unavailable"),
        *("service_tier_capacity_exceeded", "server_overloaded", "serveroverloaded"),
        *("queue_exceeded", "nocapacity"),
    ),
    Outcome.MODEL_GONE: (
        *("model_not_found", "model_decommissioned", "model_not_available", "model_deprecated"),
        *("model_not_supported", "modelnotfound", "deploymentnotfound", "invalid_model"),
    ),
    Outcome.AUTH: (
        *("invalid_api_key", "api_key_invalid", "api_key_expired", "invalidapikey"),
        *("authentication_error", "auth_error", "expired_key", "token_not_found_in_db"),
        *("unrecognizedclientexception", "expiredtokenexception", "incompletesignature"),
        *("notauthorized", "organization_restricted", "model_terms_required", "modelnotopen"),
        *("notauthorizedornotfound", "bxnim0415e"),
    ),
    Outcome.CONTENT_FILTERED: (
        *("content_filter", "content_policy_violation", "contentpolicyviolationerror"),
        *("data_inspection_failed", "datainspectionfailed", "invalid_prompt"),
    ),
    Outcome.UNSUPPORTED: (
        *("unsupported_parameter", "unsupported_value", "unsupported_api_for_model"),
        *("operationnotsupported", "unsupportedoperation", "unsupportedparamserror"),
    ),
    Outcome.REGION_BLOCKED: ("unsupported_country_region_territory",),
    Outcome.BAD_REQUEST: ("client_error_from_model",),
}
_CODES = {code: outcome for outcome, codes in _CODES_OF.items() for code in codes}

# What one code means at one vendor and not at another.
_ALIBABA = {"insufficient_quota": Outcome.RATE_LIMITED}  # tokens a minute, not money
# Zhipu has numbers, and words in two languages.
_ZHIPU = {
    **dict.fromkeys(("1110", "1111", "1112", "1121", "1220"), Outcome.AUTH),
    **dict.fromkeys(("1113", "1309"), Outcome.QUOTA_EXHAUSTED),
    **dict.fromkeys(("1211", "1221", "1222"), Outcome.MODEL_GONE),
    **dict.fromkeys(("1302", "1303", "1304", "1308", "1310"), Outcome.RATE_LIMITED),
    "1301": Outcome.CONTENT_FILTERED,
    "1305": Outcome.OVERLOADED,
    "1212": Outcome.UNSUPPORTED,
}
_ORACLE = dict.fromkeys(("limitexceeded", "quotaexceeded"), Outcome.QUOTA_EXHAUSTED)
_SBER = dict.fromkeys(("4", "6"), Outcome.AUTH)
_OWN_CODES = {
    **dict.fromkeys(("dashscope", "qwencloud", "qwen_ai_platform"), _ALIBABA),
    "zai": _ZHIPU,
    "oci": _ORACLE,
    "gigachat": _SBER,
}
# What a status means at one vendor alone: Cohere's is of words that it lets nobody say.
_COHERE = {498: Outcome.CONTENT_FILTERED}
_OWN_STATUS = {"cohere": _COHERE, "cohere_chat": _COHERE}


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


# The first line that fits: what names its subject narrowly stands before what names it widely.
_WORDS: tuple[tuple[Outcome, re.Pattern[str]], ...] = (
    (
        # OpenAI's way to say that a model has thought for as long as it was allowed to.
        Outcome.TRUNCATED,
        _words(r"because max_tokens or model output limit was reached"),
    ),
    (
        Outcome.RATE_LIMITED,
        _words(
            r"\brate limit\b",
            r"\bper[ _](second|minute|hour|day)\b",
            r"too many requests",
            r"\b(hourly|daily|weekly|session) usage limit",
        ),
    ),
    (
        Outcome.QUOTA_EXHAUSTED,
        _words(
            r"credit balance|out of credits|used all available credits|credits are depleted",
            r"purchase (more )?credits",
            r"insufficient (balance|credit|fund|quota)|exceeded your current quota",
            r"balance is insufficient|not enough balance|out of call volume quota",
            r"monthly trial limit|daily free allocation",
            r"billing|payment (required|instrument|method)|account is in good standing|overdue",
            r"\busage limits?\b|spend(ing)? limit|key limit exceeded",
            r"budget (has been|limit) exceeded|(exceeded|over|crossed) budget",
        ),
    ),
    (
        Outcome.OVERLOADED,
        _words(
            r"overload(ed)?\b|(at|no|over) capacity|capacity temporarily exceeded",
            r"(server|model) busy|no deployments available|experiencing high (demand|traffic)",
            r"insufficient system resources|\bcurrently loading\b",
        ),
    ),
    (
        Outcome.AUTH,
        _words(
            r"api[ _-]?key (not valid|is invalid|expired|could not be found)",
            r"(invalid|incorrect) api[ _-]?key|(missing|invalid) .?authorization.? header",
            r"organization has been (disabled|restricted)",
            # Both are switches of our account, said with a 404.
            r"matching your .{0,40}data policy|use case details have not been submitted",
        ),
    ),
    (
        Outcome.REGION_BLOCKED,
        _words(
            r"\b(country|region|territory|user location)\b.{0,40}not supported",
            r"not (available|supported) in your (country|region|location)",
            r"unsupported (countr|region|territor|location)",
        ),
    ),
    (
        Outcome.MODEL_GONE,
        _words(
            r"\bmodels?\b.{0,120}\bnot (be )?(found|exist|available|pulled|loaded)",
            r"\bmodels?\b.{0,120}\bdoes not exist",
            r"\bmodels?\b.{0,120}\b(no longer|decommissioned|retired|end of (its )?life)",
            r"\bmodels?\b.{0,60}\b(is|been) deprecated",
            r"\b(unknown|invalid|no such|not a valid|unrecognized) model\b",
            r"\bmodel (identifier|id|name) is invalid|no endpoints found for",
            r"\bfunction\b.{0,60}\bnot found for account",  # how NVIDIA calls what it serves
        ),
    ),
    (
        Outcome.UNSUPPORTED,
        _words(
            r"(?<!api version )(\bnot|n.t) support|unsupported|endpoints found that support",
            r"\brequires --enable-|must provide a chat template",  # vLLM's switches
            r"not work with the specified model|deprecated for this model",
            r"is not (a chat|allowed for this)",
        ),
    ),
    (
        Outcome.CONTENT_FILTERED,
        _words(
            r"content (management |filtering )?policy|moderation|flagged|safety system",
            r"inappropriate content|content exists risk",
        ),
    ),
)
# What stands before codes and other words. Google has one code for everything that is used up; at
# others a model goes by another name.
_DEPLETED = ((Outcome.QUOTA_EXHAUSTED, _words(r"credits are depleted")),)
_ENDPOINTS = (
    (Outcome.MODEL_GONE, _words(r"\bendpoint\b.{0,120}\bnot found")),
    (Outcome.OVERLOADED, _words(r"\bvariant\b.{0,80}\bnot in service")),
)
_ENTITIES = ((Outcome.MODEL_GONE, _words(r"\bentity with key\b.{0,120}\bnot found")),)
_VERSIONS = (
    (Outcome.MODEL_GONE, _words(r"version does not exist|requested resource could not be found")),
)
_OWN_WORDS = {
    **dict.fromkeys(("google_ai_studio", "google_vertex", "vertex_ai"), _DEPLETED),
    **dict.fromkeys(("sagemaker", "sagemaker_chat", "sagemaker_nova"), _ENDPOINTS),
    "oci": _ENTITIES,
    "replicate": _VERSIONS,
}

_OF_A_MODEL = _words(r"\bmodel|\bdeployment")


def refusal(provider_type: str, status: int, evidence: Evidence) -> Outcome:
    """What a status from 400 on means, by the code and the words that came with it."""
    by_status = _BY_STATUS | _OWN_STATUS.get(provider_type, {})
    if status in by_status:
        return by_status[status]
    may_mean, otherwise = _READINGS.get(status, _BAD_REQUEST if status < 500 else _SERVER_ERROR)
    for outcome in _read(provider_type, evidence):
        if outcome in may_mean or outcome is otherwise:
            return outcome
    if status == 404 and _OF_A_MODEL.search(evidence.message or ""):
        return Outcome.MODEL_GONE
    return otherwise


def _read(provider_type: str, evidence: Evidence) -> Iterator[Outcome]:
    """What the evidence speaks of, the surest first."""
    message = evidence.message or ""
    own_words = _OWN_WORDS.get(provider_type, ())
    yield from (outcome for outcome, words in own_words if words.search(message))
    yield from by_code(provider_type, evidence)
    yield from (outcome for outcome, words in _WORDS if words.search(message))


def by_code(provider_type: str, evidence: Evidence) -> Iterator[Outcome]:
    """What the typed codes say, if anything."""
    codes = _CODES | _OWN_CODES.get(provider_type, {})
    for name in (evidence.error_code, evidence.error_type):
        if name is not None and name.lower() in codes:
            yield codes[name.lower()]
