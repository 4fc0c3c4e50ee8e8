"""Rate-limit headers as vendors send them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arguslm_llm.headroom import headroom_of, retry_after_s

NOW = datetime(2026, 11, 26, 7, 0, 0, tzinfo=UTC)
DATE = {"date": "Thu, 26 Nov 2026 07:00:00 GMT"}
LONG_AFTER = datetime(2026, 11, 26, 9, 0, 0, tzinfo=UTC)  # what a clock that is wrong would say


def left(kind, limit, remaining, ratio, resets_in_s):
    return {
        "kind": kind,
        "limit": limit,
        "remaining": remaining,
        "left_ratio": ratio,
        "resets_in_s": None if resets_in_s is None else pytest.approx(resets_in_s),
    }


SENT = {
    "OpenAI, Rate limits in headers": (
        {
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-reset-requests": "1s",
            "x-ratelimit-limit-tokens": "150000",
            "x-ratelimit-remaining-tokens": "120000",
            "x-ratelimit-reset-tokens": "6m0s",
        },
        [
            left("requests", 60, 59, 59 / 60, 1),
            left("tokens", 150000, 120000, 0.8, 360),
        ],
    ),
    "OpenAI, shorter than a second": (
        {"x-ratelimit-remaining-requests": "4999", "x-ratelimit-reset-requests": "12ms"},
        [left("requests", None, 4999, None, 0.012)],
    ),
    "Together, its tokens": (
        {
            "x-ratelimit-limit": "10",
            "x-ratelimit-remaining": "9",
            "x-tokenlimit-limit": "60000",
            "x-tokenlimit-remaining": "15000",
        },
        [left("requests", 10, 9, 0.9, None), left("tokens", 60000, 15000, 0.25, None)],
    ),
    "Mistral, as it was": (
        {"ratelimitbysize-limit": "500", "ratelimitbysize-remaining": "100"}
        | {"ratelimitbysize-reset": "17", "x-ratelimitbysize-remaining-minute": "40"},
        [left("tokens", 500, 100, 0.2, 17), left("tokens_minute", None, 40, None, None)],
    ),
    "Cohere, a trial key": (
        {"x-trial-endpoint-call-limit": "10", "x-trial-endpoint-call-remaining": "9"},
        [left("trial_calls", 10, 9, 0.9, None)],
    ),
    "LiteLLM's proxy, of its vendor": (
        {
            "llm_provider-x-ratelimit-limit-requests": "100",
            "llm_provider-x-ratelimit-remaining-requests": "50",
            "x-ratelimit-limit-requests": "10",
            "x-ratelimit-remaining-requests": "9",
        },
        [left("provider_requests", 100, 50, 0.5, None), left("requests", 10, 9, 0.9, None)],
    ),
    "Groq, Rate limits": (
        {
            "x-ratelimit-limit-requests": "14400",
            "x-ratelimit-remaining-requests": "14370",
            "x-ratelimit-reset-requests": "2m59.56s",
        },
        [left("requests", 14400, 14370, 14370 / 14400, 179.56)],
    ),
    "Anthropic, Rate limits": (
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": "2026-11-26T07:00:21Z",
            "anthropic-ratelimit-input-tokens-limit": "80000",
            "anthropic-ratelimit-input-tokens-remaining": "60000",
            "anthropic-ratelimit-input-tokens-reset": "2026-11-26T06:59:59Z",
        },
        [left("input_tokens", 80000, 60000, 0.75, 0), left("requests", 50, 0, 0, 21)],
    ),
    "Azure OpenAI, seen: without limits": (
        {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-remaining-requests": "12"},
        [left("requests", None, 12, None, None), left("tokens", None, 0, None, None)],
    ),
    "Mistral, seen": (
        {
            "x-ratelimit-limit-tokens-minute": "5000000",
            "x-ratelimit-remaining-tokens-minute": "4999911",
            "x-ratelimit-tokens-query-cost": "52",
            "x-ratelimit-limit-req-minute": "720",
            "x-ratelimit-remaining-req-minute": "717",
        },
        [
            left("requests_minute", 720, 717, 717 / 720, None),
            left("tokens_minute", 5000000, 4999911, 4999911 / 5000000, None),
        ],
    ),
    "OpenRouter, Limits: milliseconds since 1970": (
        {
            "x-ratelimit-limit": "50",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": "1795680000000",
        },
        [left("requests", 50, 0, 0, 3600)],
    ),
    "seconds since 1970": (
        {"x-ratelimit-remaining": "7", "x-ratelimit-reset": "1795676460"},
        [left("requests", None, 7, None, 60)],
    ),
    "LiteLLM proxy, Rate limits of a key": (
        {"x-ratelimit-api_key-limit-tokens": "100", "x-ratelimit-api_key-remaining-tokens": "25"},
        [left("api_key_tokens", 100, 25, 0.25, None)],
    ),
    "IETF draft, several windows": (
        {
            "ratelimit-limit": "100, 100;window=60, 10000;window=86400",
            "ratelimit-remaining": "98",
            "ratelimit-reset": "3",
        },
        [left("requests", 100, 98, 0.98, 3)],
    ),
    "more left than there is": (
        {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "12"},
        [left("requests", 10, 12, 1, None)],
    ),
    "no limit at all": (
        {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0"},
        [left("requests", 0, 0, None, None)],
    ),
    "nothing that can be read": (
        {"x-ratelimit-remaining-requests": "-1", "x-ratelimit-limit-tokens": "5"},
        [],
    ),
}


@pytest.mark.parametrize("name", SENT)
def test_what_is_left(name):
    headers, expected = SENT[name]
    found = headroom_of(headers | DATE, LONG_AFTER)
    assert [one.model_dump() for one in found] == expected


def test_without_a_date_our_own_clock_counts():
    headers = {"x-ratelimit-remaining": "7", "x-ratelimit-reset": "1795676460"}
    assert headroom_of(headers, NOW)[0].resets_in_s == 60


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "21"}, 21),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "Thu, 26 Nov 2026 07:01:00 GMT"}, 60),
        ({"retry-after": "Thu, 26 Nov 2026 06:00:00 GMT"}, 0),
        ({"retry-after": "2", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers, seconds):
    assert retry_after_s(headers | DATE, LONG_AFTER) == seconds


NAMES = st.sampled_from(
    (
        *("x-ratelimit-limit", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
        *("anthropic-ratelimit-tokens-reset", "ratelimit-remaining", "retry-after", "date"),
        *("retry-after-ms", "x-ratelimit-", "x-ratelimit-limit-remaining"),
    )
)


@given(headers=st.dictionaries(NAMES, st.text(max_size=30) | st.from_regex(r"\d{1,30}[smh]?")))
def test_no_header_is_too_odd(headers):
    headroom_of(headers, NOW)
    retry_after_s(headers, NOW)
