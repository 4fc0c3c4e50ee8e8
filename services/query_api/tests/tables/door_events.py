"""Events for the tests of the door's tables, and the streams they stand in."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from arguslm_contracts.envelope import Recorded, decode, encode
from arguslm_contracts.events import alerts, benchmarks, checks, registry
from arguslm_contracts.events.base import Event
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import (
    Cost,
    Evidence,
    Measurement,
    SelfAudit,
    Target,
    Timing,
    Usage,
)
from arguslm_contracts.outcomes import VERDICTS, Outcome
from arguslm_contracts.subjects import stream_of
from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_storage.database import Database

T0 = datetime(2026, 11, 1, 12, 0, 0, 250, tzinfo=UTC)
ACME, OTHER = derive("provider", "acme"), derive("provider", "other")


def minute(number: float) -> datetime:
    return T0 + timedelta(minutes=number)


class Streams:
    """What was said so far: each event encoded, stored under the next sequence, read back."""

    def __init__(self) -> None:
        self.events: dict[str, list[Recorded]] = {stream: [] for stream in SERVICE_TABLES.folds}

    def say(self, *events: Event, at: datetime = T0) -> None:
        for event in events:
            stored = self.events[stream_of(event.subject).name]
            headers, body = encode(event, source="test", time=at)
            stored.append(
                decode(
                    headers,
                    body,
                    stream=stream_of(event.subject).name,
                    sequence=len(stored) + 1,
                    subject=event.subject,
                )
            )

    async def fold_into(self, database: Database, *, batch: int = 1_000) -> None:
        for stream in self.events:
            await self.fold_stream(database, stream, batch=batch)

    async def fold_stream(self, database: Database, stream: str, *, batch: int = 1_000) -> None:
        events = self.events[stream]
        for start in range(0, len(events), batch):
            async with database.writing() as connection:
                some = events[start : start + batch]
                await SERVICE_TABLES.fold_whole(connection, stream, some)


async def rows_of(database: Database, *names: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of these tables, or of all of them, in the order of their keys."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with database.reading() as connection:
        for table in SERVICE_TABLES.metadata.sorted_tables:
            if not names or table.name in names:
                query = select(table).order_by(*table.primary_key.columns)
                rows = (await connection.execute(query)).mappings()
                found[table.name] = [dict(row) for row in rows]
    return found


def provider(provider_id: UUID = ACME, **fields: Any) -> registry.Provider:
    given: dict[str, Any] = {
        "provider_type": "openai",
        "display_name": "Acme",
        "created_at": T0,
        "credentials": "sealed",
        "settings": {"region": "eu"},
    }
    return registry.Provider(provider_id=provider_id, **(given | fields))


def registered(state: registry.Provider, revision: int = 1) -> registry.ProviderRegistered:
    return registry.ProviderRegistered(revision=revision, at=T0, provider=state)


def model(
    name: str, provider_id: UUID = ACME, *, monitored: bool = True, **fields: Any
) -> registry.Model:
    return registry.Model(
        model_id=derive("model", provider_id, name),
        provider_id=provider_id,
        name=name,
        monitored=monitored,
        created_at=T0,
        **fields,
    )


def added(state: registry.Model, revision: int = 1) -> registry.ModelRegistered:
    return registry.ModelRegistered(revision=revision, at=T0, model=state)


def configured(
    revision: int = 1, at: datetime = T0, **fields: Any
) -> registry.MonitoringConfigured:
    config = registry.MonitoringConfig(**fields)
    return registry.MonitoringConfigured(revision=revision, at=at, config=config)


def measured(
    outcome: Outcome = Outcome.OK,
    *,
    ttft_ms: float | None = 200.0,
    tokens_per_s: float | None = 50.0,
    total_ms: float | None = 1_200.0,
    trustworthy: bool = True,
    message: str | None = None,
    cost: Cost | None = Cost(usd=0.000123456),  # noqa: B008 - frozen
    usage: Usage = Usage(input_tokens=7, output_tokens=48, source="reported"),  # noqa: B008
) -> Measurement:
    return Measurement.of(
        outcome,
        timing=Timing(first_token_ms=ttft_ms, total_ms=total_ms),
        usage=usage,
        tokens_per_s=tokens_per_s,
        evidence=Evidence(http_status=200, message=message),
        audit=SelfAudit(trustworthy=trustworthy),
        cost=cost,
    )


def checked(
    of: registry.Model,
    at: datetime,
    measurement: Measurement | Outcome = Outcome.OK,
    *,
    location: str = "local",
    **fields: Any,
) -> checks.CheckCompleted:
    """A check that was due, begun and done within a second."""
    if isinstance(measurement, Outcome):
        measurement = measured(measurement)
    return checks.CheckCompleted(
        check_id=derive("check", of.model_id, location, at),
        model_id=of.model_id,
        provider_id=str(of.provider_id),
        provider_type="openai",
        provider_name="Acme",
        model=of.name,
        location=location,
        due_at=at,
        started_at=at + timedelta(milliseconds=5),
        completed_at=at + timedelta(milliseconds=900),
        measurement=measurement,
        **fields,
    )


def decided_again(
    check: checks.CheckCompleted | checks.CheckReclassified, outcome: Outcome, version: int
) -> checks.CheckReclassified:
    """What a later taxonomy makes of a check."""
    copied = set(checks.CheckReclassified.model_fields) - {"was", "measurement"}
    measurement = check.measurement.model_copy(
        update={
            "outcome": outcome,
            "fault_owner": VERDICTS[outcome].fault_owner,
            "taxonomy_version": version,
        }
    )
    return checks.CheckReclassified(
        **check.model_dump(include=copied), was=check.measurement.outcome, measurement=measurement
    )


def discovered(
    names: Sequence[str], at: datetime, outcome: Outcome = Outcome.OK
) -> checks.DiscoveryCompleted:
    return checks.DiscoveryCompleted(
        request_id=derive("discovery", at),
        provider_id=ACME,
        outcome=outcome,
        message=None if outcome is Outcome.OK else "no route",
        models=tuple(checks.DiscoveredModel(name=name) for name in names),
        completed_at=at,
    )


def benchmark(run_id: UUID, models: Iterable[registry.Model], **plan: Any) -> Event:
    targets = tuple(
        benchmarks.BenchmarkTarget(
            model_id=one.model_id,
            display_name=one.custom_name or one.name,
            target=Target(
                provider_id=str(one.provider_id),
                provider_type="openai",
                provider_name="Acme",
                model=one.name,
            ),
        )
        for one in models
    )
    return benchmarks.BenchmarkRequested(
        run_id=run_id,
        title="Nightly",
        plan=benchmarks.BenchmarkPlan(
            targets=targets, prompt_pack="reasoning", prompt="Think.", **plan
        ),
        requested_by="ada",
        requested_at=T0,
    )


def sample(
    run_id: UUID,
    of: registry.Model,
    index: int,
    measurement: Measurement,
    *,
    warmup: bool = False,
) -> benchmarks.BenchmarkSampled:
    return benchmarks.BenchmarkSampled(
        run_id=run_id,
        model_id=of.model_id,
        warmup=warmup,
        index=index,
        started_at=minute(index),
        measurement=measurement,
    )


def raised(alert_id: UUID, of: registry.Model, at: datetime, **fields: Any) -> alerts.AlertRaised:
    given: dict[str, Any] = {
        "rule_id": derive("rule", "down"),
        "rule_name": "Anything down",
        "rule_type": "any_model_down",
        "severity": "critical",
        "notify_in_app": True,
    }
    return alerts.AlertRaised(
        alert_id=alert_id,
        model_id=of.model_id,
        model_name=of.name,
        provider_name="Acme",
        outcome=Outcome.SERVER_ERROR,
        fault_owner="provider",
        since=at,
        raised_at=at,
        message=f"{of.name} failed with a server error",
        **(given | fields),
    )


def resolved(alert_id: UUID, of: registry.Model, at: datetime) -> alerts.AlertResolved:
    return alerts.AlertResolved(
        alert_id=alert_id,
        rule_id=derive("rule", "down"),
        model_id=of.model_id,
        reason="recovered",
        resolved_at=at,
        message="back",
    )


def acknowledged(alert_id: UUID, at: datetime, by: str = "ada") -> alerts.AlertAcknowledged:
    return alerts.AlertAcknowledged(alert_id=alert_id, acknowledged_by=by, acknowledged_at=at)
