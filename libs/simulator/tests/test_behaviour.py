import pytest

from arguslm_simulator import Behaviour, Fault, ScenarioError, demo_scenario

FLAKY = Behaviour(fault=Fault.HTTP_500, fault_rate=0.2)


def struck(behaviour: Behaviour, *, seed: int, model: str = "flaky", requests: int = 4000) -> str:
    faults = (behaviour.fault_of(n, seed=seed, model=model) for n in range(1, requests + 1))
    return "".join("." if fault is Fault.NONE else "x" for fault in faults)


def test_same_seed_same_faults() -> None:
    assert struck(FLAKY, seed=7) == struck(FLAKY, seed=7)
    assert struck(FLAKY, seed=7) != struck(FLAKY, seed=8)
    assert struck(FLAKY, seed=7) != struck(FLAKY, seed=7, model="other")


@pytest.mark.parametrize("run", [1, 2, 5])
def test_rate_holds_whatever_the_run_length(run: int) -> None:
    share = struck(FLAKY.changed({"fault_run": run}), seed=3, requests=20_000).count("x") / 20_000
    assert share == pytest.approx(0.2, abs=0.02)


def test_no_run_is_shorter_than_asked() -> None:
    runs = struck(FLAKY.changed({"fault_run": 3}), seed=5).strip("x").replace(".", " ").split()
    assert min(map(len, runs)) == 3


def test_a_fault_without_a_rate_always_strikes_and_none_never() -> None:
    assert set(struck(Behaviour(fault=Fault.STALL), seed=1, requests=50)) == {"x"}
    assert set(struck(Behaviour(fault_rate=1.0), seed=1, requests=50)) == {"."}
    assert set(struck(FLAKY.changed({"fault_rate": 0}), seed=1, requests=50)) == {"."}


def test_any_fault_is_drawn_from_those_that_can_be_shown() -> None:
    shown = (Fault.STALL, Fault.EMPTY, Fault.QUOTA)
    behaviour = Behaviour(fault=Fault.ANY, fault_rate=0.5)
    faults = [behaviour.fault_of(n, seed=1, model="m", among=shown) for n in range(1, 400)]
    assert set(faults) == {Fault.NONE, *shown}


def test_a_change_keeps_the_rest_and_takes_plain_json() -> None:
    changed = Behaviour(ttft_ms=70, tokens=5).changed({"fault": "http_503", "gap_ms": 3})
    assert changed == Behaviour(ttft_ms=70, tokens=5, gap_ms=3, fault=Fault.HTTP_503)
    assert Behaviour().changed(changed.to_json()) == changed


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ttft": 5}, "unknown field 'ttft'; did you mean 'ttft_ms'"),
        ({"speed": 5}, "unknown field 'speed'; known: ttft_ms"),
        ({"gap_jitter_ms": -1}, "gap_jitter_ms must be a number"),
        ({"calls_tool": 1}, "calls_tool must be true or false"),
        ({"reasoning_field": "thoughts"}, "reasoning_field must be one of reasoning_content"),
        ({"ttft_ms": "fast"}, "ttft_ms must be a number"),
        ({"ttft_ms": -1}, "ttft_ms must be a number"),
        ({"gap_ms": float("nan")}, "gap_ms must be a number"),
        ({"gap_ms": True}, "gap_ms must be a number"),
        ({"headers_ms": 101}, "headers_ms must be a number from 0 to 100"),
        ({"tokens": 0}, "tokens must be a whole number"),
        ({"tokens": 2.5}, "tokens must be a whole number"),
        ({"fault": "explode"}, "fault must be one of none, http_500"),
        ({"fault": None}, "fault must be one of"),
        ({"fault_rate": 1.1}, "fault_rate must be a number from 0 to 1"),
        ({"fault_run": 0}, "fault_run must be a whole number"),
        ({"stall_after_tokens": -1}, "stall_after_tokens must be a whole number"),
    ],
)
def test_nonsense_is_refused_by_name(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        Behaviour().changed(changes)


def test_the_demo_fails_soon_and_in_pairs() -> None:
    demo = demo_scenario()
    flaky = struck(demo.models["flaky"], seed=demo.seed, requests=600)
    stalling = struck(demo.models["stalling"], seed=demo.seed, model="stalling", requests=600)
    assert "xx" in flaky[:5]
    assert "x" in stalling[:5]
    assert flaky.count("x") / 600 == pytest.approx(1 / 6, abs=0.05)
    assert stalling.count("x") / 600 == pytest.approx(1 / 5, abs=0.05)
