"""The checks of a house: 100 models asked each minute, two in a hundred without an answer."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.registry import Model, ModelRegistered, Provider, ProviderRegistered
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Evidence, Measurement, SelfAudit, Stamp, Timing, Usage
from arguslm_contracts.outcomes import Outcome

MODELS = 100
_FIRST_MINUTE = datetime(2026, 11, 1, tzinfo=UTC)
_FAILURES = (Outcome.SERVER_ERROR, Outcome.OVERLOADED, Outcome.RATE_LIMITED)
_MODEL_IDS = [derive("bench model", number) for number in range(MODELS)]
_PROVIDER_ID = derive("bench provider")


def completions(events: int, *, seed: int = 20261101) -> Iterator[CheckCompleted]:
    """The first so many, in the order of time; the same for a seed, others for another."""
    chance = random.Random(seed)
    for number in range(events):
        minute, model = divmod(number, MODELS)
        due_at = _FIRST_MINUTE + timedelta(minutes=minute, milliseconds=600 * model)
        yield completion(model, due_at, chance)


def registrations() -> Iterator[Event]:
    """The provider and the models that these checks are about."""
    provider = Provider(
        provider_id=_PROVIDER_ID,
        provider_type="openai",
        display_name="Acme",
        created_at=_FIRST_MINUTE,
    )
    yield ProviderRegistered(revision=1, at=_FIRST_MINUTE, provider=provider)
    for number, model_id in enumerate(_MODEL_IDS):
        model = Model(
            model_id=model_id,
            provider_id=_PROVIDER_ID,
            name=f"model-{number}",
            source="discovered",
            created_at=_FIRST_MINUTE,
        )
        yield ModelRegistered(revision=1, at=_FIRST_MINUTE, model=model)


def completion(model: int, due_at: datetime, chance: random.Random) -> CheckCompleted:
    measurement = _failed(chance) if chance.random() < 0.02 else _answered(model, chance)
    total_ms = measurement.timing.total_ms or 0.0
    return CheckCompleted(
        check_id=UUID(int=chance.getrandbits(128), version=4),
        model_id=_MODEL_IDS[model],
        provider_id=str(_PROVIDER_ID),
        provider_type="openai",
        provider_name="Acme",
        model=f"model-{model}",
        location="local",
        due_at=due_at,
        started_at=due_at + timedelta(milliseconds=2),
        completed_at=due_at + timedelta(milliseconds=2 + total_ms),
        measurement=measurement,
    )


def _answered(model: int, chance: random.Random) -> Measurement:
    ttft_ms = chance.lognormvariate(5.0 + model / 100, 0.3)
    tokens_per_s = chance.uniform(40, 90)
    total_ms = ttft_ms + 47 / tokens_per_s * 1_000
    return Measurement.of(
        Outcome.OK,
        timing=Timing(
            schedule_delay_ms=0.4,
            connection_reused=True,
            headers_ms=ttft_ms - 2,
            first_byte_ms=ttft_ms - 1,
            first_token_ms=ttft_ms,
            first_answer_token_ms=ttft_ms,
            last_token_ms=total_ms - 0.3,
            max_gap_ms=31.25,
            total_ms=total_ms,
            stamp=Stamp.KERNEL,
        ),
        usage=Usage(input_tokens=14, output_tokens=48, source="reported"),
        tokens_per_s=tokens_per_s,
        evidence=Evidence(
            http_status=200,
            finish_reason="stop",
            provider_request_id=f"req_{chance.getrandbits(64):016x}",
            answer_preview="One, two, three, four, five, six, seven, eight, nine, ten.",
        ),
        audit=SelfAudit(loop_lag_ms=0.1),
    )


def _failed(chance: random.Random) -> Measurement:
    headers_ms = chance.lognormvariate(4.0, 0.3)
    return Measurement.of(
        chance.choice(_FAILURES),
        timing=Timing(headers_ms=headers_ms, total_ms=headers_ms + 1),
        evidence=Evidence(http_status=503, message="the server is overloaded, try again later"),
    )
