"""Benchmarks: plans, runs, results, statistics."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from arguslm_contracts.events.benchmarks import Limits
from arguslm_contracts.rest.base import Command, Shape


class BenchmarkCreate(Command):
    """A pack's id, or `prompt_pack` "custom" with a `prompt` of your own."""

    model_ids: list[UUID] = Field(min_length=1, max_length=100)
    prompt_pack: str = "synthetic_short"
    prompt: str | None = Field(default=None, min_length=1, max_length=100_000)
    name: str | None = Field(default=None, max_length=255)
    max_tokens: int = Field(default=200, ge=1, le=4096)
    num_runs: int = Field(default=3, ge=1, le=1000)
    concurrency: int = Field(default=1, ge=1, le=256)
    warmup_runs: int = Field(default=1, ge=0, le=20)
    limits: Limits = Limits()


class BenchmarkStartResponse(Shape):
    id: UUID
    status: str
    message: str


class Quantiles(Shape):
    """p50, p95 and p99 of n values, towards the worse end: for speeds, p95 is the speed that
    95 % of the requests reached."""

    n: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class ModelStatistics(Shape):
    model_id: UUID
    model_name: str
    provider_name: str
    requests: int
    failed: int
    ttft_ms: Quantiles
    tokens_per_s: Quantiles
    total_ms: Quantiles


class StatisticsResponse(Shape):
    """0.x's pooled numbers, filled only for a run of one model: pooling models misleads."""

    ttft_p50: float = 0.0
    ttft_p95: float = 0.0
    ttft_p99: float = 0.0
    tps_p50: float = 0.0
    tps_p95: float = 0.0
    tps_p99: float = 0.0


class BenchmarkResultResponse(Shape):
    """`ttft_ms`, `tps` and the like are 0 on a failed request, as in 0.x; see `error`."""

    id: UUID
    model_id: UUID
    model_name: str | None = None
    index: int = 0
    outcome: str = "ok"
    ttft_ms: float
    tps: float
    tps_excluding_ttft: float
    total_latency_ms: float
    input_tokens: int
    output_tokens: int
    estimated_cost: float | None = None
    error: str | None = None
    started_at: datetime | None = None


class BenchmarkRunResponse(Shape):
    id: UUID
    name: str
    status: str
    model_ids: list[str]
    prompt_pack: str
    triggered_by: str
    started_at: datetime
    completed_at: datetime | None = None
    result_count: int = 0
    expected_count: int = 0
    failed_count: int = 0
    max_tokens: int = 200
    num_runs: int = 3
    concurrency: int = 1
    warmup_runs: int = 1
    message: str | None = None
    created_at: datetime
    updated_at: datetime


class BenchmarkDetailResponse(BenchmarkRunResponse):
    results: list[BenchmarkResultResponse] = []
    statistics: StatisticsResponse = StatisticsResponse()
    models: list[ModelStatistics] = []


class BenchmarkListResponse(Shape):
    runs: list[BenchmarkRunResponse]
    total: int
    page: int = 1
    per_page: int = 20


class BenchmarkResultListResponse(Shape):
    results: list[BenchmarkResultResponse]
    total: int
