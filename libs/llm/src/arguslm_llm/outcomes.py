"""What became of a request, decided from its evidence alone: status code before typed code before
wording. Versioned with the taxonomy in contracts: what changes here changes its number."""

import re

from arguslm_contracts.measurement import Evidence, Measurement
from arguslm_contracts.outcomes import TAXONOMY_VERSION, VERDICTS, Outcome
from arguslm_llm.refusals import by_code, refusal

_CUT_SHORT = {
    "length",
    "max_tokens",
    "max_output_tokens",
    "model_length",
    "model_context_window_exceeded",
}
_BY_REASON = {
    **dict.fromkeys(
        (
            *("content_filter", "content_filtered", "guardrail_intervened", "refusal", "safety"),
            *("recitation", "blocklist", "prohibited_content", "spii", "image_safety"),
            *("error_toxic", "sensitive"),
        ),
        Outcome.CONTENT_FILTERED,
    ),
    "insufficient_system_resource": Outcome.OVERLOADED,
    # Zhipu's way to say that its own backend was lost.
    "network_error": Outcome.ERROR_IN_STREAM,
}


def decide(provider_type: str, evidence: Evidence) -> Outcome:
    """The one outcome of one request, by nothing but its evidence."""
    status = evidence.http_status
    if status is None:
        if evidence.own_network is not None:
            return Outcome.MONITOR_OFFLINE
        return evidence.wire_failure or Outcome.MONITOR_ERROR
    if status >= 400:
        return refusal(provider_type, status, evidence)
    if status >= 300:
        return Outcome.BAD_REQUEST  # we follow no redirect: a key goes where it was meant to
    return _answer(provider_type, evidence)


def decide_again(provider_type: str, measured: Measurement) -> Measurement | None:
    """The measurement as the taxonomy of today decides it from the evidence that was kept.

    None where it comes to the same, is of today's already, or was kept without enough evidence:
    what never had a status was decided by the wire, and older answers did not say what they held.
    """
    evidence = measured.evidence
    if measured.taxonomy_version >= TAXONOMY_VERSION or evidence.http_status is None:
        return None
    if evidence.http_status < 300 and evidence.content is None:
        return None
    outcome = decide(provider_type, evidence)
    if outcome is measured.outcome:
        return None
    return measured.model_copy(
        update={
            "outcome": outcome,
            "fault_owner": VERDICTS[outcome].fault_owner,
            "taxonomy_version": TAXONOMY_VERSION,
        }
    )


def _answer(provider_type: str, evidence: Evidence) -> Outcome:
    reason = (evidence.finish_reason or "").lower()
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    if evidence.defect == "error":
        return _error_inside(provider_type, evidence)
    if evidence.wire_failure is not None:
        return evidence.wire_failure
    if evidence.defect == "unreadable":
        return Outcome.INVALID_STREAM
    if evidence.content == "answer":
        return Outcome.OK
    cut_short = evidence.content == "tokens" and reason in _CUT_SHORT
    return Outcome.TRUNCATED if cut_short else Outcome.EMPTY


def _error_inside(provider_type: str, evidence: Evidence) -> Outcome:
    """An error inside a 200 counts against the provider, unless its code (some send the status
    there) says that it is no fault of theirs."""
    code = evidence.error_code or ""
    if re.fullmatch("[45][0-9][0-9]", code):
        outcome = refusal(provider_type, int(code), evidence)
    else:
        outcome = next(by_code(provider_type, evidence), Outcome.ERROR_IN_STREAM)
    is_theirs = VERDICTS[outcome].available is False
    return Outcome.ERROR_IN_STREAM if is_theirs else outcome
