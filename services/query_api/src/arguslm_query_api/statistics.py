"""Statistics of a benchmark: per model, exact, towards the worse end. Pure."""

from collections.abc import Iterable, Sequence

from arguslm_contracts.events.benchmarks import BenchmarkTarget
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.outcomes import VERDICTS
from arguslm_contracts.rest.benchmarks import ModelStatistics, Quantiles, StatisticsResponse
from arguslm_query_api.model import exact_quantile, has_typical_speed


def model_statistics(
    target: BenchmarkTarget, measurements: Sequence[Measurement]
) -> ModelStatistics:
    """`n` of a quantile counts the answered requests whose clock could be trusted."""
    typical = [one for one in measurements if has_typical_speed(one)]
    return ModelStatistics(
        model_id=target.model_id,
        model_name=target.display_name,
        provider_name=target.target.provider_name,
        requests=len(measurements),
        failed=sum(not VERDICTS[one.outcome].usable for one in measurements),
        ttft_ms=_quantiles(one.timing.first_token_ms for one in typical),
        tokens_per_s=_quantiles((one.tokens_per_s for one in typical), higher_is_better=True),
        total_ms=_quantiles(one.timing.total_ms for one in typical),
    )


def pooled_statistics(models: Sequence[ModelStatistics]) -> StatisticsResponse:
    """0.x's one set of numbers: of a run of one model only."""
    if len(models) != 1:
        return StatisticsResponse()
    ttft_ms, tokens_per_s = models[0].ttft_ms, models[0].tokens_per_s
    return StatisticsResponse(
        ttft_p50=ttft_ms.p50 or 0.0,
        ttft_p95=ttft_ms.p95 or 0.0,
        ttft_p99=ttft_ms.p99 or 0.0,
        tps_p50=tokens_per_s.p50 or 0.0,
        tps_p95=tokens_per_s.p95 or 0.0,
        tps_p99=tokens_per_s.p99 or 0.0,
    )


def _quantiles(values: Iterable[float | None], *, higher_is_better: bool = False) -> Quantiles:
    ordered = sorted(value for value in values if value is not None)

    def worse_than(share: float) -> float | None:
        return exact_quantile(ordered, 1 - share if higher_is_better else share)

    return Quantiles(
        n=len(ordered), p50=worse_than(0.50), p95=worse_than(0.95), p99=worse_than(0.99)
    )
