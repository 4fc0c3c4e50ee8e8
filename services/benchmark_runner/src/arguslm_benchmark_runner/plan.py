"""What a run still has to send, and under which limits. Pure."""

from collections.abc import Set
from dataclasses import dataclass
from uuid import UUID

from arguslm_benchmark_runner.throttle import Cap
from arguslm_contracts.events.benchmarks import BenchmarkPlan, BenchmarkSampled, BenchmarkTarget
from arguslm_contracts.measurement import ProbeProfile, Timeouts

SampleKey = tuple[UUID, bool, int]
"""Model, whether a warm-up, and number: a run has one sample of each."""

# A model that streams more slowly than this is cut off by the total deadline.
_SLOWEST_TOKENS_PER_S = 5


@dataclass(frozen=True, slots=True)
class Shot:
    """One request of a run."""

    model_id: UUID
    warmup: bool
    index: int


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """What is missing of one model: all warm-ups come before the first measured request."""

    target: BenchmarkTarget
    warmups: tuple[Shot, ...]
    measured: tuple[Shot, ...]


def missing(plan: BenchmarkPlan, done: Set[SampleKey]) -> list[ModelPlan]:
    """Each model of a plan once, with the requests that have no sample yet."""
    targets = {target.model_id: target for target in plan.targets}
    return [
        ModelPlan(
            target,
            _shots(target.model_id, True, plan.warmup_runs, done),
            _shots(target.model_id, False, plan.runs, done),
        )
        for target in targets.values()
    ]


def _shots(model_id: UUID, warmup: bool, n: int, done: Set[SampleKey]) -> tuple[Shot, ...]:
    return tuple(
        Shot(model_id, warmup, index) for index in range(n) if (model_id, warmup, index) not in done
    )


def key_of(sample: BenchmarkSampled) -> SampleKey:
    return (sample.model_id, sample.warmup, sample.index)


def lanes(plan: BenchmarkPlan) -> int:
    """How many requests of one model may be in flight."""
    return min(plan.concurrency, plan.limits.per_model, plan.limits.overall)


def caps(
    run_id: UUID, plan: BenchmarkPlan, target: BenchmarkTarget, max_in_flight: int
) -> tuple[Cap, ...]:
    """The limits over one request: this process, its run, its provider and its model."""
    limits, provider_id = plan.limits, target.target.provider_id
    return (
        Cap("process", max_in_flight),
        Cap(run_id, limits.overall),
        Cap((run_id, provider_id), limits.per_provider),
        Cap((run_id, target.model_id), limits.per_model),
    )


def profile(plan: BenchmarkPlan) -> ProbeProfile:
    """What every request asks; a long answer has as much more time as it needs."""
    usual = Timeouts()
    total_s = usual.total_s + plan.max_tokens / _SLOWEST_TOKENS_PER_S
    return ProbeProfile(
        prompt=plan.prompt,
        max_tokens=plan.max_tokens,
        timeouts=usual.model_copy(update={"total_s": total_s}),
    )
