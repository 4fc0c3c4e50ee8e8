"""BENCHMARKS: a run is requested, sampled and completed; samples are events, so it can resume."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from arguslm_contracts.events.base import Event
from arguslm_contracts.measurement import Measurement, Price, ProbeProfile, Target
from arguslm_contracts.record import Record

BenchmarkStatus = Literal["pending", "running", "completed", "failed", "cancelled"]


class BenchmarkTarget(Record):
    model_id: UUID
    display_name: str
    target: Target


class Limits(Record):
    """How many requests may be in flight at once, at each level."""

    overall: int = Field(default=50, ge=1)
    per_provider: int = Field(default=10, ge=1)
    per_model: int = Field(default=3, ge=1)


class BenchmarkPlan(Record):
    """`runs` measured requests per model after `warmup_runs` unmeasured ones; `concurrency`
    requests in flight per model, within `limits`. A run that may cost more than `at_most_usd` does
    not begin; None where no budget covers any of its models."""

    targets: tuple[BenchmarkTarget, ...]
    prompt_pack: str
    prompt: str
    max_tokens: int = Field(default=200, ge=1, le=4096)
    runs: int = Field(default=3, ge=1, le=1000)
    warmup_runs: int = Field(default=1, ge=0, le=20)
    concurrency: int = Field(default=1, ge=1, le=256)
    limits: Limits = Limits()
    at_most_usd: float | None = Field(default=None, ge=0)

    @property
    def probe(self) -> ProbeProfile:
        """What every request asks."""
        return ProbeProfile(prompt=self.prompt, max_tokens=self.max_tokens)

    def may_cost_usd(self, price: Price) -> float:
        """At worst, for one model of this price."""
        return (self.runs + self.warmup_runs) * price.at_most(self.probe)


class BenchmarkEvent(Event):
    once: ClassVar[bool] = True
    run_id: UUID

    @property
    def key(self) -> str:
        return str(self.run_id)

    @property
    def identity(self) -> str:
        return str(self.run_id)


class BenchmarkRequested(BenchmarkEvent):
    """Run this plan. Self-contained: the runner needs nothing else."""

    name: ClassVar[str] = "benchmark.requested"
    title: str
    plan: BenchmarkPlan
    requested_by: str
    requested_at: datetime


class BenchmarkStarted(BenchmarkEvent):
    """The runner began to send; published once, however often the runner restarts."""

    name: ClassVar[str] = "benchmark.started"
    started_at: datetime


class BenchmarkSampled(BenchmarkEvent):
    """One request of a run: number `index` (from 0) of its model, warm-up or measured."""

    name: ClassVar[str] = "benchmark.sampled"
    once: ClassVar[bool] = False
    model_id: UUID
    warmup: bool
    index: int
    started_at: datetime
    measurement: Measurement

    @property
    def identity(self) -> str:
        kind = "warmup" if self.warmup else "measured"
        return f"{self.run_id}:{self.model_id}:{kind}:{self.index}"


class BenchmarkCancelRequested(BenchmarkEvent):
    """A person wants the run to stop."""

    name: ClassVar[str] = "benchmark.cancel-requested"
    requested_by: str
    requested_at: datetime


class BenchmarkCompleted(BenchmarkEvent):
    """The run has ended; `message` says why where it is not `completed`."""

    name: ClassVar[str] = "benchmark.completed"
    status: Literal["completed", "failed", "cancelled"]
    message: str | None = None
    completed_at: datetime


class BenchmarkRemoved(BenchmarkEvent):
    """Hide a run from the tables; the samples stay in the stream until they age out."""

    name: ClassVar[str] = "benchmark.removed"
    removed_by: str
    removed_at: datetime
