"""Which model a connection test asks, and what a completion says. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime

from arguslm_contracts.events.checks import Allowance, CheckCompleted, CheckRequested
from arguslm_contracts.measurement import Evidence, Measurement, Price, ProbeProfile
from arguslm_contracts.outcomes import VERDICTS, Outcome

# Parts of names that say "no chat": the kinds of models that lists of models mix in.
_NO_CHAT = (
    "embed",
    "whisper",
    "tts",
    "dall-e",
    "moderation",
    "rerank",
    "transcribe",
    "realtime",
    "audio",
    "image",
    "imagen",
    "veo-",
    "sora",
    "babbage",
    "davinci",
    "gpt-3.5-turbo-instruct",
    "stable-diffusion",
    "bge-",
    "guard",
    "aqa",
)
# A connection test is to cost as little as it can.
_SMALL = re.compile(r"(?<![a-z0-9])(nano|mini|flash|haiku|small|lite|1b|3b|7b|8b)(?![a-z0-9])")


def chat_model(names: Iterable[str]) -> str | None:
    """The model to test a connection with: one that looks as if it can chat, small if possible.

    None when none of the names does.
    """
    chatty = [name for name in names if not any(part in name.lower() for part in _NO_CHAT)]
    small = [name for name in chatty if _SMALL.search(name.lower())]
    return next(iter([*small, *chatty]), None)


def unasked(outcome: Outcome, message: str) -> Measurement:
    """The measurement of a request that never left, and why."""
    return Measurement.of(outcome, evidence=Evidence(message=message))


def expired(request: CheckRequested, now: datetime) -> Measurement:
    late_s = (now - request.expires_at).total_seconds()
    said = VERDICTS[Outcome.EXPIRED].says
    return unasked(Outcome.EXPIRED, f"{said}: {late_s:.0f} s too late")


def skipped(reason: str) -> Measurement:
    return unasked(Outcome.SKIPPED, f"{VERDICTS[Outcome.SKIPPED].says}: {reason}")


def given_up(request: CheckRequested, now: datetime) -> Measurement:
    """The end of a request that nobody began: what its prober would have said by now."""
    return skipped(request.skip_reason) if request.skip_reason else expired(request, now)


def refusal(allowance: Allowance, price: Price | None, probe: ProbeProfile) -> Measurement | None:
    """Why a check is not sent, if its budget might not cover it. A budget cannot count what has
    no price: that is asked."""
    if price is None or price.at_most(probe) <= allowance.left_usd:
        return None
    return skipped(
        f"it may cost ${price.at_most(probe):.6f}, and ${allowance.left_usd:.6f} are left "
        f"of the budget {allowance.budget!r} today (UTC)"
    )


def completion(
    request: CheckRequested,
    model: str | None,
    measurement: Measurement,
    started_at: datetime,
    completed_at: datetime,
) -> CheckCompleted:
    """What became of a request. `model` is the one that was asked, if it came so far."""
    target = request.target
    return CheckCompleted(
        check_id=request.request_id,
        model_id=request.model_id,
        provider_id=target.provider_id,
        provider_type=target.provider_type,
        provider_name=target.provider_name,
        model=model or "",
        location=request.location,
        purpose=request.purpose,
        run_id=request.run_id,
        due_at=request.due_at,
        started_at=started_at,
        completed_at=max(started_at, completed_at),
        measurement=measurement,
        allowance=request.allowance,
        kind=request.probe.kind,
        probe_id=request.probe_id,
    )
