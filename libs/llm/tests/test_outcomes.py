"""Outcomes from evidence as vendors really send it."""

import json

import outcome_fixtures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arguslm_contracts.measurement import Evidence, Measurement
from arguslm_contracts.outcomes import TAXONOMY_VERSION, VERDICTS, FaultOwner, Outcome
from arguslm_llm.catalogue import provider_types
from arguslm_llm.decoders import dialect_of
from arguslm_llm.decoders.errors import error_body
from arguslm_llm.exchange import Exchange
from arguslm_llm.loop_lag import Lag
from arguslm_llm.measure import transcribe
from arguslm_llm.outcomes import decide, decide_again
from arguslm_llm.redaction import Redactor
from arguslm_llm.report import report

FILES = outcome_fixtures.load()
CASES = outcome_fixtures.cases()
# What a provider decides, and not the network between us.
SAID_BY_PROVIDERS = {
    *("ok", "empty", "truncated", "content_filtered", "error_in_stream"),
    *("auth", "quota_exhausted", "rate_limited", "overloaded", "server_error"),
    *("bad_request", "unsupported", "model_gone", "region_blocked"),
}


def measured(case):
    exchange = Exchange(
        sent_ns=1, headers_ns=2, ended_ns=4, status=case.status, headers=case.headers
    )
    exchange.reads.append((3, case.body))
    transcript = transcribe(dialect_of(case.endpoint), exchange)
    redactor = Redactor([])
    return report(case.provider_type, exchange, transcript, redactor, lag=Lag())


@pytest.mark.parametrize("name", CASES)
def test_what_a_provider_sends_is_what_it_shows(name):
    case = CASES[name]
    measurement = measured(case)
    assert measurement.outcome.value == case.shows, measurement.evidence


REFUSALS = [
    (provider_type, refusal)
    for provider_type, refusals in outcome_fixtures.refusals().items()
    for refusal in refusals
]


@pytest.mark.parametrize(("provider_type", "refusal"), REFUSALS)
def test_what_a_vendor_refuses_with_is_what_it_shows(provider_type, refusal):
    body = refusal["body"]
    said = error_body((body if isinstance(body, str) else json.dumps(body)).encode(), {})
    evidence = Evidence(
        http_status=refusal["status"],
        error_type=said.type,
        error_code=said.code,
        message=said.message,
    )
    assert decide(provider_type, evidence).value == refusal["shows"], evidence


def test_every_provider_shows_every_class_or_says_why_not():
    for name, file in FILES.items():
        shown = {case["shows"] for case in file["cases"]}
        assert not shown & set(file["unseen"]), name
        assert shown | set(file["unseen"]) >= SAID_BY_PROVIDERS, name
        assert all(case["from"] for case in file["cases"]), name
        assert file["provider_type"] in provider_types(), name


def answer(**facts):
    return decide("openai", Evidence(http_status=200, **facts))


def test_answers():
    failed = {"defect": "error", "error_type": "server_error", "message": "boom"}
    assert answer(content="answer", finish_reason="stop") is Outcome.OK
    assert answer(content="answer", finish_reason="length") is Outcome.OK
    assert answer(content="nothing") is Outcome.EMPTY
    assert answer(content="tokens", finish_reason="stop") is Outcome.EMPTY
    for word in ("length", "max_tokens", "MAX_TOKENS", "max_output_tokens"):
        assert answer(content="tokens", finish_reason=word) is Outcome.TRUNCATED
        assert answer(content="nothing", finish_reason=word) is Outcome.EMPTY
    assert answer(content="answer", finish_reason="network_error") is Outcome.ERROR_IN_STREAM
    for word in ("content_filter", "SAFETY", "refusal", "PROHIBITED_CONTENT", "sensitive"):
        assert answer(content="answer", finish_reason=word) is Outcome.CONTENT_FILTERED
    assert answer(content="answer", **failed) is Outcome.ERROR_IN_STREAM
    assert answer(wire_failure=Outcome.DISCONNECTED, **failed) is Outcome.ERROR_IN_STREAM
    assert answer(content="answer", wire_failure=Outcome.STALLED) is Outcome.STALLED
    assert answer(content="answer", defect="unreadable") is Outcome.INVALID_STREAM


def test_without_a_status_the_wire_speaks():
    assert decide("openai", Evidence(wire_failure=Outcome.DNS)) is Outcome.DNS
    assert decide("openai", Evidence()) is Outcome.MONITOR_ERROR


def test_a_status_counts_even_when_the_connection_broke_afterwards():
    evidence = Evidence(http_status=401, wire_failure=Outcome.DISCONNECTED)
    assert decide("openai", evidence) is Outcome.AUTH


def test_the_status_comes_before_the_code_and_the_code_before_the_words():
    quota = {"error_code": "insufficient_quota", "message": "Rate limit: the model is overloaded"}
    for status, outcome in (
        (401, Outcome.AUTH),
        (429, Outcome.QUOTA_EXHAUSTED),
        (503, Outcome.OVERLOADED),
    ):
        assert decide("openai", Evidence(http_status=status, **quota)) is outcome
    words = Evidence(http_status=429, error_code="429", message="the model is overloaded")
    assert decide("openai", words) is Outcome.OVERLOADED


def test_one_code_means_one_thing_here_and_another_there():
    evidence = Evidence(http_status=429, error_code="insufficient_quota")
    assert decide("openai", evidence) is Outcome.QUOTA_EXHAUSTED
    assert decide("dashscope", evidence) is Outcome.RATE_LIMITED


@given(
    st.builds(
        Evidence,
        http_status=st.none() | st.integers(100, 999),
        wire_failure=st.none() | st.sampled_from(Outcome),
        error_type=st.none() | st.text(max_size=8) | st.sampled_from(("rate_limit_error", "429")),
        error_code=st.none() | st.text(max_size=8) | st.from_regex(r"\d{1,9}"),
        message=st.none() | st.text(max_size=40),
        finish_reason=st.none() | st.sampled_from(("stop", "LENGTH", "safety")),
    )
)
def test_all_evidence_has_an_outcome_and_always_the_same(evidence):
    outcome = decide("dashscope", evidence)
    assert outcome in Outcome
    assert decide("dashscope", Evidence.model_validate_json(evidence.model_dump_json())) is outcome


REGION = {"http_status": 403, "error_code": "unsupported_country_region_territory"}


def decided(outcome, version=1, **evidence):
    return Measurement(
        outcome=outcome,
        fault_owner=VERDICTS[outcome].fault_owner,
        taxonomy_version=version,
        tokens_per_s=12.5,
        evidence=Evidence(**evidence),
    )


def test_what_was_decided_long_ago_is_decided_again():
    before = decided(Outcome.AUTH, **REGION)
    again = decide_again("openai", before)
    assert again.outcome is Outcome.REGION_BLOCKED
    assert again.fault_owner is FaultOwner.MONITOR
    assert again.taxonomy_version == TAXONOMY_VERSION
    assert (again.evidence, again.tokens_per_s) == (before.evidence, before.tokens_per_s)
    assert decide_again("openai", again) is None
    truncated = {"http_status": 200, "content": "tokens", "finish_reason": "length"}
    kept = decide_again("openai", decided(Outcome.EMPTY, **truncated))
    assert kept.outcome is Outcome.TRUNCATED


@pytest.mark.parametrize(
    "before",
    [
        decided(Outcome.AUTH, TAXONOMY_VERSION, **REGION),  # by today's taxonomy
        decided(Outcome.SERVER_ERROR, http_status=500),  # comes to the same
        decided(Outcome.TIMEOUT_HEADERS),  # the wire decided
        decided(Outcome.MODEL_GONE, message="lists no model that can chat"),  # the prober did
        decided(Outcome.EMPTY, http_status=200, finish_reason="length"),  # not enough was kept
    ],
)
def test_what_is_not_decided_again(before):
    assert decide_again("openai", before) is None


def test_errors_keep_what_they_say():
    page = b"<html><head><style>p{}</style></head><body><h1>502</h1> Bad  Gateway</body></html>"
    assert error_body(page, {}).message == "502 Bad Gateway"
    aws = error_body(b'{"message": "no"}', {"x-amzn-errortype": "ThrottlingException:http://x"})
    assert (aws.type, aws.message) == ("ThrottlingException", "no")
    assert error_body(b"", {}).message is None
