"""What a run still has to send, and under which limits. Pure."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from uuid import UUID

from arguslm_benchmark_runner.throttle import Cap
from arguslm_contracts.events.benchmarks import BenchmarkPlan, BenchmarkSampled, BenchmarkTarget
from arguslm_contracts.measurement import Price, ProbeProfile, Timeouts

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
    timeouts = usual.model_copy(update={"total_s": total_s})
    return plan.probe.model_copy(update={"timeouts": timeouts})


def too_dear(plan: BenchmarkPlan, prices: Iterable[Price | None]) -> str | None:
    """Why a run does not begin, if it may cost more than was reserved for it. A budget cannot
    count what has no price."""
    most_usd = sum(plan.may_cost_usd(price) for price in prices if price is not None)
    # The same sum in another order may differ in its last digit.
    if plan.at_most_usd is None or most_usd <= plan.at_most_usd + 1e-6:
        return None
    return (
        f"no request was sent: the run may cost ${most_usd:.6f}, and ${plan.at_most_usd:.6f} are "
        "reserved of its budgets; a model that was never checked has no known price to reserve by"
    )
