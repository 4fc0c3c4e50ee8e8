"""From what was recorded to a measurement: the clocks, the bill, the evidence, the outcome."""

import time
from datetime import UTC, datetime, timedelta
from typing import Literal

from arguslm_contracts.measurement import (
    Evidence,
    Measurement,
    SelfAudit,
    Stamp,
    Timing,
    Usage,
)
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.decoders.transcript import Transcript
from arguslm_llm.exchange import NS_PER_S, Exchange
from arguslm_llm.headroom import headroom_of, retry_after_s
from arguslm_llm.loop_lag import Lag
from arguslm_llm.outcomes import decide
from arguslm_llm.redaction import Redactor

MESSAGE_LIMIT = 500
_PREVIEW_LIMIT = 200
_ID_LIMIT = 120
_NS_PER_MS = 1_000_000
# Our own lateness beyond both of these makes the clocks too vague to be trusted.
_TRUSTED_LAG_MS = 5.0
_TRUSTED_SHARE = 0.05
_REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "apim-request-id",
    "x-goog-request-id",
    "x-generation-id",
)


def report(
    provider_type: str,
    exchange: Exchange,
    transcript: Transcript,
    redactor: Redactor,
    *,
    lag: Lag,
) -> Measurement:
    """The measurement of one exchange, credentials removed."""
    usage = _usage(transcript)
    timing = _timing(exchange, transcript)
    evidence = _evidence(exchange, transcript, usage, redactor)
    return Measurement.of(
        decide(provider_type, evidence),
        timing=timing,
        usage=usage,
        tokens_per_s=_tokens_per_s(transcript, usage),
        evidence=evidence,
        headroom=headroom_of(exchange.headers, _answered_at(exchange)),
        audit=_audit(exchange, lag, timing),
    )


def _timing(exchange: Exchange, transcript: Transcript) -> Timing:
    sent_ns = exchange.sent_ns

    def since_sent(ns: int | None) -> float | None:
        return None if ns is None or sent_ns is None else max(0.0, (ns - sent_ns) / _NS_PER_MS)

    delay_ns = None
    if exchange.scheduled_ns is not None:
        delay_ns = max(0, exchange.began_ns - exchange.scheduled_ns)
    return Timing(
        schedule_delay_ms=_ms(delay_ns),
        dns_ms=_ms(exchange.dns_ns),
        connect_ms=_ms(exchange.connect_ns),
        tls_ms=_ms(exchange.tls_ns),
        connection_reused=exchange.reused,
        send_ms=since_sent(exchange.all_sent_ns),
        headers_ms=since_sent(exchange.headers_ns),
        first_byte_ms=since_sent(exchange.reads[0][0] if exchange.reads else None),
        first_token_ms=since_sent(transcript.first_token_ns),
        first_answer_token_ms=since_sent(transcript.first_answer_token_ns),
        last_token_ms=since_sent(transcript.last_token_ns),
        max_gap_ms=_ms(transcript.max_gap_ns),
        total_ms=since_sent(exchange.ended_ns),
        stamp=exchange.stamp or Stamp.LOOP,
        streamed=transcript.streamed,
    )


def _ms(duration_ns: int | None) -> float | None:
    return None if duration_ns is None else duration_ns / _NS_PER_MS


def _usage(transcript: Transcript) -> Usage:
    """What the provider reported; else the number of token-bearing deltas, labelled as such."""
    if transcript.usage is not None and transcript.usage.output_tokens is not None:
        return transcript.usage
    if transcript.deltas == 0:
        return transcript.usage or Usage()
    known = transcript.usage or Usage()
    # A body in one piece says nothing about how many tokens it was made of.
    estimate = transcript.deltas if transcript.streamed else None
    return known.model_copy(
        update={
            "output_tokens": estimate,
            "source": "unknown" if estimate is None else "estimated",
        }
    )


def _tokens_per_s(transcript: Transcript, usage: Usage) -> float | None:
    """(tokens - 1) / (last - first). Thinking that was billed but never shown went by before the
    first token we saw, so it is left out."""
    first_ns, last_ns = transcript.first_token_ns, transcript.last_token_ns
    if first_ns is None or last_ns is None or last_ns <= first_ns or usage.output_tokens is None:
        return None
    hidden = (usage.reasoning_tokens or 0) if not transcript.reasoning_parts else 0
    tokens = usage.output_tokens - hidden
    return None if tokens < 2 else (tokens - 1) * NS_PER_S / (last_ns - first_ns)


def _evidence(
    exchange: Exchange, transcript: Transcript, usage: Usage, redactor: Redactor
) -> Evidence:
    """All that the outcome is decided from, as it is kept: clipped, without credentials."""
    began = exchange.status is not None and exchange.status < 300
    error, malformed = transcript.error, transcript.malformed
    content = _content(transcript, usage) if began else None
    wire_failure, message = exchange.failure, exchange.message
    if content == "answer" and wire_failure is None and not (transcript.finished or malformed):
        wire_failure, message = Outcome.DISCONNECTED, "the answer ended without saying so"
    message = (error.message if error else None) or malformed or message
    request_id = next((v for n in _REQUEST_ID_HEADERS if (v := exchange.headers.get(n))), None)

    def name(text: str | None) -> str | None:
        return redactor.clean_id(text, limit=_ID_LIMIT) if text else None

    answer = transcript.answer
    return Evidence(
        http_status=exchange.status,
        wire_failure=wire_failure,
        error_type=name(error.type if error else None),
        error_code=name(error.code if error else None),
        message=redactor.clean(message, limit=MESSAGE_LIMIT) if message else None,
        finish_reason=name(transcript.finish_reason),
        content=content,
        defect=_defect(transcript) if began else None,
        retry_after_s=retry_after_s(exchange.headers, _answered_at(exchange)),
        provider_request_id=name(request_id),
        answer_preview=redactor.clean(answer, limit=_PREVIEW_LIMIT) if answer else None,
    )


def _answered_at(exchange: Exchange) -> datetime:
    """When the headers came, by the wall clock."""
    now_ns = time.monotonic_ns()
    ago_ns = now_ns - (exchange.headers_ns or now_ns)
    return datetime.now(UTC) - timedelta(microseconds=ago_ns / 1000)


def _content(transcript: Transcript, usage: Usage) -> Literal["answer", "tokens", "nothing"]:
    if transcript.called_tool or transcript.embedding or transcript.answer.strip():
        return "answer"
    return "tokens" if transcript.deltas > 0 or usage.output_tokens else "nothing"


def _defect(transcript: Transcript) -> Literal["error", "unreadable"] | None:
    if transcript.error is not None:
        return "error"
    return None if transcript.malformed is None else "unreadable"


def _audit(exchange: Exchange, lag: Lag, timing: Timing) -> SelfAudit:
    by_kernel = timing.stamp is Stamp.KERNEL
    loop_lag_ms = lag.worst_ns / _NS_PER_MS
    read_lag_ms = exchange.read_lag_ns / _NS_PER_MS if by_kernel else None
    own_error_ms = loop_lag_ms if read_lag_ms is None else read_lag_ms
    allowed_ms = max(_TRUSTED_LAG_MS, _TRUSTED_SHARE * (timing.first_token_ms or 0.0))
    return SelfAudit(
        loop_lag_ms=loop_lag_ms,
        read_lag_ms=read_lag_ms,
        cpu_share=lag.cpu_share,
        trustworthy=own_error_ms <= allowed_ms,
    )
