"""How much of our rate limits is left, and until when, from the headers of an answer.

Every vendor has its own scale and names; what compares is the share that is left. Three families:
`x-ratelimit-<part>-<kind>` (OpenAI, Azure, Groq, Mistral, xAI, Fireworks, LiteLLM, OpenRouter
without a kind), `anthropic-ratelimit-<kind>-<part>`, and `ratelimit-<part>` of the IETF's drafts.
Together's and Mistral's tokens and Cohere's trial calls have names of their own, and LiteLLM's
proxy passes its vendor's on.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from arguslm_contracts.measurement import Headroom

_NAME = re.compile(
    r"(llm_provider-)?(?:x-|anthropic-)?"
    r"(ratelimit|tokenlimit|ratelimitbysize|trial-endpoint-call)-(.+)"
)
_OF_A_NAME = {"ratelimit": "", "trial-endpoint-call": "trial_calls"}
_TOKENS = "tokens"
_PARTS = {"limit", "remaining", "reset"}
_KIND_IS_CALLED = {"": "requests", "req": "requests", "req_minute": "requests_minute"}
_MOST_KINDS = 12
_LONGEST_KIND = 40

_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|us|µs|d|h|m|s)){1,6}")
_STEP = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|d|h|m|s)")
_UNIT_S = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# A plain number is of seconds from now, unless it is so large that it counts from 1970.
_EPOCH_S, _EPOCH_MS = 1e9, 1e11


def headroom_of(headers: Mapping[str, str], received_at: datetime) -> tuple[Headroom, ...]:
    """What the headers (names in lower case) say of each rate limit, by kind.

    Absolute times are read by the server's own clock where it tells it, else by ours.
    """
    now = _server_time(headers) or received_at
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for name, value in headers.items():
        if match := _NAME.fullmatch(name):
            words = match[3].split("-")
            parts = _PARTS.intersection(words)
            if len(parts) == 1:
                (part,) = parts
                kind = _kind(match, [word for word in words if word != part])
                found[kind[:_LONGEST_KIND]][part] = value
    limits = (_headroom(kind, said, now) for kind, said in sorted(found.items()))
    return tuple(one for one in limits if one is not None)[:_MOST_KINDS]


def retry_after_s(headers: Mapping[str, str], received_at: datetime) -> float | None:
    """How long we are asked to wait: seconds, or a date."""
    in_ms = _number(headers.get("retry-after-ms"))
    if in_ms is not None:
        return in_ms / 1000
    now = _server_time(headers) or received_at
    return _seconds_until(headers.get("retry-after"), now)


def _kind(name: re.Match[str], words: list[str]) -> str:
    of_name = _OF_A_NAME.get(name[2], _TOKENS)
    kind = "_".join([of_name, *words] if of_name else words)
    kind = _KIND_IS_CALLED.get(kind, kind)
    return f"provider_{kind}" if name[1] else kind


def _headroom(kind: str, said: Mapping[str, str], now: datetime) -> Headroom | None:
    remaining = _number(said.get("remaining"))
    if remaining is None:
        return None
    limit = _number(said.get("limit"))
    return Headroom(
        kind=kind,
        limit=limit,
        remaining=remaining,
        left_ratio=min(remaining / limit, 1.0) if limit else None,
        resets_in_s=_seconds_until(said.get("reset"), now),
    )


def _number(text: str | None) -> float | None:
    """A number that is not negative; the first where a list of windows follows it."""
    match = re.match(r"\s*(\d{1,18}(?:\.\d{1,9})?)\s*(?:[,;].*)?$", text or "")
    return float(match[1]) if match else None


def _seconds_until(text: str | None, now: datetime) -> float | None:
    """Seconds from a number, a duration such as `6m0s`, or a moment in time; never negative."""
    number = _number(text)
    if text is None or (number is not None and number < _EPOCH_S):
        return number
    if number is not None:
        at_s = number / 1000 if number >= _EPOCH_MS else number
        return max(0.0, at_s - now.timestamp())
    if _DURATION.fullmatch(text):
        return sum(float(amount) * _UNIT_S[unit] for amount, unit in _STEP.findall(text))
    moment = _moment(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(text: str) -> datetime | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except (ValueError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _server_time(headers: Mapping[str, str]) -> datetime | None:
    return _moment(headers.get("date", ""))
