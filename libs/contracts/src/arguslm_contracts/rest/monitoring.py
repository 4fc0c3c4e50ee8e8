"""Monitoring: configuration, runs, checks, states and series."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from arguslm_contracts.measurement import Measurement
from arguslm_contracts.probes import ProbeKind
from arguslm_contracts.rest.base import Command, Shape

State = Literal["up", "degraded", "down", "unknown", "paused"]


class MonitoringConfigResponse(Shape):
    """`interval_minutes` is 0.x's field, rounded up; `interval_s` is exact."""

    id: UUID
    interval_minutes: int
    interval_s: int
    prompt_pack: str
    max_tokens: int
    enabled: bool
    last_run_at: datetime | None = None
    revision: int = 0
    created_at: datetime


class MonitoringConfigUpdate(Command):
    interval_minutes: int | None = Field(default=None, ge=1, le=1440)
    interval_s: int | None = Field(default=None, ge=10, le=86_400)
    prompt_pack: str | None = None
    max_tokens: int | None = Field(default=None, ge=1, le=4096)
    enabled: bool | None = None


class MonitoringRunRequest(Command):
    """Without `model_ids`: every monitored model."""

    model_ids: list[UUID] | None = None


class MonitoringRunResponse(Shape):
    run_id: str
    status: str
    message: str
    requested: int = 0
    completed: int = 0


class UptimeCheckResponse(Shape):
    id: UUID
    model_id: UUID
    model_name: str
    provider_type: str | None = None
    status: str
    latency_ms: float | None = None
    ttft_ms: float | None = None
    tps: float | None = None
    output_tokens: int | None = None
    error: str | None = None
    created_at: datetime


class UptimeHistoryResponse(Shape):
    items: list[UptimeCheckResponse]
    total: int
    limit: int
    offset: int


class PromptPackResponse(Shape):
    id: str
    name: str
    prompt: str
    expected_tokens: int


class CheckResponse(Shape):
    """A check with everything that was measured."""

    id: UUID
    model_id: UUID
    model: str
    model_name: str
    provider_id: UUID
    provider_name: str
    provider_type: str
    location: str
    purpose: str
    kind: ProbeKind = ProbeKind.LIVENESS
    probe_id: UUID | None = None
    run_id: UUID | None = None
    due_at: datetime
    started_at: datetime
    completed_at: datetime
    available: bool | None
    usable: bool | None
    says: str
    measurement: Measurement


class CheckPage(Shape):
    """Newest first; pass `next_cursor` as `cursor` for older ones."""

    items: list[CheckResponse]
    next_cursor: str | None = None


class SparkSlot(Shape):
    """One slot of a status bar. `checks` 0 is "no data"."""

    at: datetime
    checks: int
    failed: int
    ttft_p50_ms: float | None = None


class ModelCard(Shape):
    """A model at a glance. Ratios are of the asked range; None means too little data."""

    model_id: UUID
    model: str
    name: str
    provider_id: UUID
    provider_name: str
    provider_type: str
    state: State
    since: datetime | None = None
    interval_s: int
    monitored: bool
    last_check_at: datetime | None = None
    last_outcome: str | None = None
    last_says: str | None = None
    last_fault_owner: str | None = None
    last_ttft_ms: float | None = None
    last_tokens_per_s: float | None = None
    ttft_p50_ms: float | None = None
    ttft_p95_ms: float | None = None
    tokens_per_s_p50: float | None = None
    uptime_ratio: float | None = None
    usable_ratio: float | None = None
    checks: int = 0
    open_alerts: int = 0
    slots: list[SparkSlot] = []


class OverviewResponse(Shape):
    """All monitored models, worst first."""

    range: str
    generated_at: datetime
    up: int
    degraded: int
    down: int
    unknown: int
    paused: int
    open_alerts: int
    providers: int
    models: int
    items: list[ModelCard]


class SeriesBucket(Shape):
    at: datetime
    checks: int
    available: int
    unavailable: int
    ttft_p50_ms: float | None = None
    ttft_p95_ms: float | None = None
    tokens_per_s_p50: float | None = None
    tokens_per_s_p05: float | None = None
    total_p50_ms: float | None = None
    total_p95_ms: float | None = None


class SeriesResponse(Shape):
    """Buckets of equal width; an empty one is a gap, not a zero."""

    model_id: UUID
    start: datetime
    end: datetime
    bucket_s: int
    buckets: list[SeriesBucket]
