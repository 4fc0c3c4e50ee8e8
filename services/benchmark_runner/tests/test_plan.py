"""What is left of a run."""

import pytest
from benchmarking import model_id, plan, target

from arguslm_benchmark_runner.plan import lanes, missing, profile, too_dear
from arguslm_contracts.measurement import Price


def test_what_has_a_sample_is_not_sent_again() -> None:
    of = plan([target("a"), target("b")], runs=3, warmup_runs=2)
    done = {(model_id("a"), True, 0), (model_id("a"), False, 1), (model_id("b"), True, 1)}
    first, second = missing(of, done)
    assert [shot.index for shot in first.warmups] == [1]
    assert [shot.index for shot in first.measured] == [0, 2]
    assert [shot.index for shot in second.warmups] == [0]
    assert [shot.index for shot in second.measured] == [0, 1, 2]


def test_a_model_that_is_named_twice_is_loaded_once() -> None:
    (only,) = missing(plan([target("a"), target("a")], runs=2, warmup_runs=0), set())
    assert len(only.measured) == 2


def test_no_more_lanes_than_any_limit_allows() -> None:
    wide = {"overall": 50, "per_provider": 50, "per_model": 5}
    assert lanes(plan([target("a")], concurrency=16, limits=wide)) == 5
    assert lanes(plan([target("a")], concurrency=2, limits=wide)) == 2


def test_a_long_answer_has_time_to_come() -> None:
    short, long = (profile(plan([target("a")], max_tokens=n)) for n in (8, 4096))
    assert short.timeouts.total_s < 65
    assert long.timeouts.total_s > 800
    assert long.timeouts.first_token_s == short.timeouts.first_token_s


@pytest.mark.parametrize(
    ("at_most_usd", "begins"), [(None, True), (0.06, True), (0.0599, False), (0, False)]
)
def test_a_run_that_may_cost_more_than_was_reserved_does_not_begin(
    at_most_usd: float | None, begins: bool
) -> None:
    price = Price(input_usd_per_million_tokens=10, output_usd_per_million_tokens=10)
    # 6 requests of 1000 tokens at most; the model without a price is not counted.
    of = plan(
        [target("a"), target("b")],
        runs=4,
        warmup_runs=2,
        prompt="?" * 100,
        max_tokens=700,
        at_most_usd=at_most_usd,
    )
    refused = too_dear(of, [price, None])
    assert (refused is None) == begins
    assert refused is None or "the run may cost $0.060000" in refused
