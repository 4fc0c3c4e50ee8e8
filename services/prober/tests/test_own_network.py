"""Our own network down, or the provider's? Told apart, and only where it can be."""

import itertools
import socket
import time
from collections.abc import Iterator

import pytest
from probing import House, request
from pydantic import ValidationError

from arguslm_contracts.measurement import Evidence, Measurement, Target
from arguslm_contracts.outcomes import FaultOwner, Outcome
from arguslm_llm.network import Network
from arguslm_prober.own_network import (
    OwnNetwork,
    Site,
    answered,
    failed,
    fell_together,
    site_of,
)
from arguslm_prober.settings import Settings
from arguslm_simulator import Simulator

SITES = ("one.example", "three.example", "two.example")
NOBODY_LISTENS = "http://nobody.invalid"


@pytest.fixture
def refused_url() -> Iterator[str]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def target(base_url: str | None, provider_type: str = "openai") -> Target:
    return Target(
        provider_id="p", provider_type=provider_type, provider_name="P", base_url=base_url
    )


def after(*events: tuple[str, str, float]) -> dict[str, Site]:
    """Sites after ("a", "answered", when) and ("a", "failed", when)."""
    sites: dict[str, Site] = {}
    for name, what, at_s in events:
        step = answered if what == "answered" else failed
        sites[name] = step(sites.get(name, Site()), at_s)
    return sites


UP = tuple((name, "answered", 10.0) for name in "abcd")


@pytest.mark.parametrize(
    ("events", "together"),
    [
        ([("a", 20), ("b", 30), ("c", 40)], "abc"),
        ([("a", 20), ("b", 30), ("c", 40), ("a", 80), ("d", 5_000)], "abc"),
        ([("a", 20), ("b", 30)], ""),  # two may fail by chance
        ([("a", 20), ("b", 100), ("c", 190)], ""),  # one after the other
        ([("x", 20), ("y", 21), ("z", 22), ("a", 23)], ""),  # these have never answered
        ([("a", 20), ("a", 21), ("a", 22)], ""),  # one site is no three
    ],
)
def test_several_unrelated_sites_fall_at_once(
    events: list[tuple[str, float]], together: str
) -> None:
    failures = ((name, "failed", at_s) for name, at_s in events)
    assert fell_together(after(*UP, *failures)) == list(together)


def test_whoever_answers_acquits_our_network() -> None:
    fallen = (*UP, ("a", "failed", 20.0), ("b", "failed", 21.0), ("c", "failed", 22.0))
    assert fell_together(after(*fallen)) == ["a", "b", "c"]
    # These three stay down and are theirs from then on, however often they fail again.
    again = (("d", "answered", 30.0), *((name, "failed", 90.0) for name in "abc"))
    assert fell_together(after(*fallen, *again)) == []
    # An answer to a request of before the fall was on its way; it proves nothing.
    assert fell_together(after(*fallen, ("d", "answered", 15.0))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("one", "site"),
    [
        (target(None, "anthropic"), "anthropic"),
        (target("https://eu.api.example.com/v1"), "example.com"),
        (target("https://8.8.8.8/v1"), "8.8.8.8"),
        (target("http://localhost:11434"), None),
        (target("http://127.0.0.1:1234/v1"), None),
        (target("http://192.168.1.7/v1"), None),
        (target("http://[::1]:8000/v1"), None),
        (target("http://ollama:11434"), None),
        (target("http://gpu.lan.internal/v1"), None),
    ],
)
def test_what_needs_no_way_out_says_nothing_of_it(one: Target, site: str | None) -> None:
    assert site_of(one) == site


async def test_without_a_reference_the_third_site_tells() -> None:
    """The first two failures are stored as what they looked like: nobody could know better."""
    network = OwnNetwork(Network(), None)
    sites = [target(f"https://api.{site}/v1") for site in SITES]
    up = Measurement.of(Outcome.OK, evidence=Evidence(http_status=200))
    lost = Measurement.of(Outcome.DNS, evidence=Evidence(wire_failure=Outcome.DNS))
    limited = Measurement.of(Outcome.RATE_LIMITED, evidence=Evidence(http_status=429))
    clock = itertools.count(time.monotonic() - 60)

    async def seen(one: Target, measured: Measurement) -> Measurement:
        return await network.judge(one, measured, next(clock))

    assert [await seen(one, up) for one in sites] == [up] * 3
    *first, third = [await seen(one, lost) for one in sites]
    assert first == [lost, lost]
    assert (third.outcome, third.fault_owner) == (Outcome.MONITOR_OFFLINE, FaultOwner.MONITOR)
    assert third.evidence.wire_failure is Outcome.DNS
    assert third.evidence.own_network == f"fell silent together: {', '.join(SITES)}"
    here = target("http://127.0.0.1:1/v1")
    assert await seen(here, lost) == lost
    assert await network.judge(sites[0], limited, time.monotonic()) == limited
    assert await seen(sites[1], lost) == lost


async def test_a_reference_that_is_silent_too_says_that_we_are_offline(
    house: House, simulator: Simulator, refused_url: str
) -> None:
    lost = [request(house.target(NOBODY_LISTENS, "m")) for _ in range(3)]
    near = request(house.target(refused_url, "m"))
    async with house.prober(reference_url=refused_url):
        await house.ask(*lost, near)
        done = {one.check_id: one.measurement for one in await house.completions(4)}
    for one in lost:
        measured = done[one.request_id]
        assert measured.outcome is Outcome.MONITOR_OFFLINE
        assert measured.evidence.wire_failure is Outcome.DNS
        assert "reference target does not answer either (refused" in (
            measured.evidence.own_network or ""
        )
    assert done[near.request_id].outcome is Outcome.REFUSED


async def test_a_reference_that_answers_leaves_the_fault_where_it_is(
    house: House, simulator: Simulator
) -> None:
    async with house.prober(reference_url=simulator.url):
        await house.ask(request(house.target(NOBODY_LISTENS, "m")))
        (done,) = await house.completions(1)
    assert done.measurement.outcome is Outcome.DNS
    assert done.measurement.evidence.own_network is None


def test_a_reference_has_to_be_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGUSLM_REFERENCE_URL", "example.com")
    with pytest.raises(ValidationError, match="no http or https URL"):
        Settings()
