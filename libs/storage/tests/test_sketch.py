"""The sketch keeps its promise against exact quantiles, and merging does not care about order."""

from hypothesis import given
from hypothesis import strategies as st

from arguslm_storage.sketch import RELATIVE_ERROR, Sketch

values = st.lists(st.floats(min_value=0.001, max_value=1e7), min_size=1, max_size=300)


def exact(samples: list[float], q: float) -> float:
    return sorted(samples)[int(q * (len(samples) - 1))]


@given(values, st.sampled_from([0.0, 0.05, 0.5, 0.95, 0.99, 1.0]))
def test_quantiles_are_within_the_relative_error(samples: list[float], q: float) -> None:
    found = Sketch.of(samples).quantile(q)
    assert found is not None
    truth = exact(samples, q)
    assert abs(found - truth) <= RELATIVE_ERROR * truth * 1.0001


@given(values, values)
def test_merging_equals_adding_all_in_any_order(left: list[float], right: list[float]) -> None:
    merged = Sketch.of(left)
    merged.merge(Sketch.of(right))
    assert merged.to_json() == Sketch.of([*right, *left]).to_json()
    assert Sketch.from_json(merged.to_json()).to_json() == merged.to_json()


@given(values, values)
def test_what_is_taken_away_again_leaves_no_trace(left: list[float], right: list[float]) -> None:
    kept, gone = Sketch.of(left), Sketch.of(right)
    both = Sketch.of(left + right)
    both.merge(gone.negated())
    assert both.to_json() == kept.to_json()
    assert both.to_text() == kept.to_text()


def test_an_empty_sketch_has_no_quantile_and_zeros_are_kept() -> None:
    assert Sketch().quantile(0.5) is None
    zeros = Sketch.of([0.0, 0.0, 5.0])
    assert (zeros.n, zeros.quantile(0.5)) == (3, 0.0)
    assert Sketch.from_json(zeros.to_json()).n == 3
