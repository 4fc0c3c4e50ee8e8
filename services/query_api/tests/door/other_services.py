"""The prober, the scheduler and the others, as far as a test needs them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from running_door import API, RunningDoor

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.alerts import AlertRaised
from arguslm_contracts.events.benchmarks import BenchmarkSampled
from arguslm_contracts.events.checks import (
    CheckCompleted,
    CheckRequested,
    DiscoveredModel,
    DiscoveryCompleted,
    DiscoveryRequested,
)
from arguslm_contracts.events.registry import Model, ModelRegistered
from arguslm_contracts.identity import model_uuid
from arguslm_contracts.measurement import Evidence, Measurement, Timing, Usage
from arguslm_contracts.outcomes import VERDICTS, FaultOwner, Outcome

Answer = Callable[[Recorded], Awaitable[None]]


def now() -> datetime:
    return datetime.now(UTC)


def measured(outcome: Outcome = Outcome.OK, message: str | None = None) -> Measurement:
    if VERDICTS[outcome].usable is not True:
        evidence = Evidence(http_status=503, message=message)
        return Measurement.of(outcome, evidence=evidence, timing=Timing(total_ms=12.0))
    return Measurement.of(
        outcome,
        timing=Timing(
            headers_ms=90.0,
            first_byte_ms=95.0,
            first_token_ms=100.0,
            first_answer_token_ms=100.0,
            last_token_ms=500.0,
            total_ms=510.0,
        ),
        usage=Usage(input_tokens=5, output_tokens=21, source="reported"),
        tokens_per_s=50.0,
    )


def completion_of(request: CheckRequested, measurement: Measurement, model: str) -> CheckCompleted:
    return CheckCompleted(
        check_id=request.request_id,
        model_id=request.model_id,
        provider_id=request.target.provider_id,
        provider_type=request.target.provider_type,
        provider_name=request.target.provider_name,
        model=request.target.model or model,
        location=request.location,
        purpose=request.purpose,
        run_id=request.run_id,
        due_at=request.due_at,
        started_at=now(),
        completed_at=now(),
        measurement=measurement,
    )


def check_of(
    model_id: UUID,
    *,
    run_id: UUID | None = None,
    measurement: Measurement | None = None,
    at: datetime | None = None,
) -> CheckCompleted:
    at = at or now()
    return CheckCompleted(
        check_id=uuid4(),
        model_id=model_id,
        provider_id=str(uuid4()),
        provider_type="openai",
        provider_name="Mine",
        model="m",
        location="local",
        run_id=run_id,
        due_at=at,
        started_at=at,
        completed_at=at + timedelta(milliseconds=510),
        measurement=measurement or measured(),
    )


def sample_of(
    run_id: UUID, model_id: UUID, index: int, *, warmup: bool = False
) -> BenchmarkSampled:
    return BenchmarkSampled(
        run_id=run_id,
        model_id=model_id,
        warmup=warmup,
        index=index,
        started_at=now(),
        measurement=measured(),
    )


def alert_of(model_id: UUID, rule_id: UUID) -> AlertRaised:
    return AlertRaised(
        alert_id=uuid4(),
        rule_id=rule_id,
        rule_name="any",
        rule_type="any_model_down",
        severity="critical",
        model_id=model_id,
        model_name="m",
        provider_name="Mine",
        outcome=Outcome.SERVER_ERROR,
        fault_owner=FaultOwner.PROVIDER,
        since=now(),
        raised_at=now(),
        message="m at Mine failed with a server error",
    )


def prober(house: RunningDoor, measurement: Measurement | None = None) -> Answer:
    """Answers every check with this measurement."""

    async def answer(recorded: Recorded) -> None:
        if isinstance(recorded.event, CheckRequested):
            found = completion_of(recorded.event, measurement or measured(), "a-model")
            await house.publisher.append(found)

    return answer


def discoverer(
    house: RunningDoor, names: list[str], outcome: Outcome = Outcome.OK, message: str | None = None
) -> Answer:
    """Answers a discovery as prober, and registers what is new as scheduler."""
    registered: set[str] = set()

    async def answer(recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, DiscoveryRequested):
            found = tuple(DiscoveredModel(name=name) for name in names)
            await house.publisher.append(
                DiscoveryCompleted(
                    request_id=event.request_id,
                    provider_id=event.provider_id,
                    outcome=outcome,
                    message=message,
                    models=found if outcome is Outcome.OK else (),
                    completed_at=now(),
                )
            )
        if isinstance(event, DiscoveryCompleted):
            for model in event.models:
                if model.name not in registered:
                    registered.add(model.name)
                    await house.publisher.append(registration(event, model.name))

    return answer


def lists(provider_id: UUID, *names: str) -> DiscoveryCompleted:
    """A provider says that it has these models."""
    return DiscoveryCompleted(
        request_id=uuid4(),
        provider_id=provider_id,
        outcome=Outcome.OK,
        models=tuple(DiscoveredModel(name=name) for name in names),
        complete=True,
        completed_at=now(),
    )


def registration(found: DiscoveryCompleted, name: str) -> ModelRegistered:
    model = Model(
        model_id=model_uuid(found.provider_id, name),
        provider_id=found.provider_id,
        name=name,
        source="discovered",
        created_at=found.completed_at,
    )
    return ModelRegistered(revision=1, at=found.completed_at, model=model)


async def add_provider(house: RunningDoor, **given: object) -> UUID:
    body = {
        "provider_type": "openai",
        "display_name": "Mine",
        "credentials": {"api_key": "sk-test"},
        "discover": False,
        **given,
    }
    made = await house.admin.post(f"{API}/providers", json=body)
    assert made.status_code == 201, made.text
    return UUID(made.json()["id"])


async def add_model(house: RunningDoor, provider_id: UUID, name: str, **given: object) -> UUID:
    body = {"provider_account_id": str(provider_id), "model_id": name, **given}
    made = await house.admin.post(f"{API}/models", json=body)
    assert made.status_code == 201, made.text
    return UUID(made.json()["id"])
