"""From a check request to its one completion, against an endpoint with known truth."""

import socket
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from probing import API_KEY, House, request

from arguslm_contracts.envelope import encode
from arguslm_contracts.events.checks import Allowance, CheckAbandoned, CheckRequested
from arguslm_contracts.measurement import Price, ProbeProfile, Target
from arguslm_contracts.outcomes import FaultOwner, Outcome
from arguslm_contracts.streams import CHECK_REQUESTS, CHECKS
from arguslm_simulator import Behaviour, Fault, Simulator
from arguslm_storage.vault import Vault


async def test_an_answer_has_its_clocks_tokens_and_times(
    house: House, simulator: Simulator
) -> None:
    asked = request(house.target(simulator.url, "swift"), purpose="manual")
    async with house.prober():
        await house.ask(asked)
        (done,) = await house.completions(1)
    assert done.check_id == asked.request_id
    assert (done.model, done.location, done.purpose) == ("swift", "local", "manual")
    assert done.due_at == asked.due_at <= done.started_at <= done.completed_at
    measured = done.measurement
    assert measured.outcome is Outcome.OK
    assert measured.fault_owner is FaultOwner.NONE
    timing = measured.timing
    assert timing.first_answer_token_ms is not None
    assert timing.first_answer_token_ms > 79
    assert timing.total_ms is not None
    assert timing.total_ms > timing.first_answer_token_ms + 7 * 8 - 5
    assert measured.usage.output_tokens == 8
    assert measured.usage.source == "reported"
    assert timing.schedule_delay_ms is not None
    assert timing.schedule_delay_ms >= (done.started_at - done.due_at).total_seconds() * 1e3 - 1


@pytest.mark.parametrize(
    ("fault", "outcome", "owner"),
    [
        (Fault.HTTP_500, Outcome.SERVER_ERROR, FaultOwner.PROVIDER),
        (Fault.QUOTA, Outcome.QUOTA_EXHAUSTED, FaultOwner.ACCOUNT),
        (Fault.EMPTY, Outcome.EMPTY, FaultOwner.PROVIDER),
        (Fault.DISCONNECT, Outcome.DISCONNECTED, FaultOwner.PROVIDER),
    ],
)
async def test_each_failure_is_asked_once_and_told_as_what_it_is(
    house: House, simulator: Simulator, fault: Fault, outcome: Outcome, owner: FaultOwner
) -> None:
    simulator.set("swift", fault=fault)
    async with house.prober():
        await house.ask(request(house.target(simulator.url, "swift")))
        (done,) = await house.completions(1)
    assert (done.measurement.outcome, done.measurement.fault_owner) == (outcome, owner)
    assert simulator.stats().requests == {"swift": 1}


async def test_a_request_that_is_too_old_completes_as_expired_and_asks_nobody(
    house: House, simulator: Simulator
) -> None:
    past = datetime.now(UTC) - timedelta(seconds=90)
    late = request(
        house.target(simulator.url, "swift"),
        due_at=past,
        expires_at=past + timedelta(seconds=60),
    )
    async with house.prober():
        await house.ask(late)
        (done,) = await house.completions(1)
    assert done.check_id == late.request_id
    assert done.measurement.outcome is Outcome.EXPIRED
    assert done.measurement.fault_owner is FaultOwner.MONITOR
    assert simulator.stats().requests == {}


async def test_credentials_that_cannot_be_opened_are_our_own_fault(
    house: House, simulator: Simulator
) -> None:
    elsewhere = House(house.bus, Vault([Fernet.generate_key().decode()]))
    async with house.prober():
        await house.ask(request(elsewhere.target(simulator.url, "swift")))
        (done,) = await house.completions(1)
    assert done.measurement.outcome is Outcome.MONITOR_ERROR
    assert "credentials cannot be opened" in (done.measurement.evidence.message or "")
    assert simulator.stats().requests == {}


async def test_a_hanging_model_delays_no_other(house: House, simulator: Simulator) -> None:
    simulator.add("hung", Behaviour(fault=Fault.HANG_HEADERS))
    swift = [request(house.target(simulator.url, "swift")) for _ in range(20)]
    async with house.prober():
        await house.ask(request(house.target(simulator.url, "hung")))
        await simulator.until(lambda stats: stats.in_flight == 1)
        await house.ask(*swift)
        done = await house.completions(20, within_s=30)
        assert {one.check_id for one in done} == {one.request_id for one in swift}
        assert simulator.stats().in_flight == 1
    assert simulator.stats().peak_in_flight >= 3
    # What the stopped prober had in hand goes to the next one at once.
    simulator.set("hung", fault="none")
    async with house.prober():
        assert len(await house.completions(21, within_s=9)) == 21


async def test_checks_in_flight_stay_under_the_limit(house: House, simulator: Simulator) -> None:
    requests = [request(house.target(simulator.url, "swift")) for _ in range(12)]
    async with house.prober(concurrency=3):
        await house.ask(*requests)
        await house.completions(12)
    assert simulator.stats().peak_in_flight == 3


async def test_a_provider_is_asked_no_more_at_once_than_it_may_be(
    house: House, simulator: Simulator
) -> None:
    limited = house.target(simulator.url, "swift").model_copy(update={"max_concurrent": 2})
    async with house.prober():
        await house.ask(*(request(limited) for _ in range(8)))
        await house.completions(8)
    assert simulator.stats().peak_in_flight == 2


async def test_a_prober_takes_only_what_is_for_its_location(
    house: House, simulator: Simulator
) -> None:
    target = house.target(simulator.url, "swift")
    here, there = request(target, location="tokyo"), request(target)
    await house.ask(there, here)
    async with house.prober(location="tokyo"):
        (done,) = await house.completions(1)
        assert (done.check_id, done.location) == (here.request_id, "tokyo")
    async with house.prober():
        assert {d.check_id for d in await house.completions(2)} == {
            here.request_id,
            there.request_id,
        }


async def test_probers_of_a_location_share_its_requests(house: House, simulator: Simulator) -> None:
    target = house.target(simulator.url, "swift")
    here = [request(target) for _ in range(30)]
    there = [request(target, location="tokyo") for _ in range(10)]
    async with house.prober(), house.prober(), house.prober(location="tokyo"):
        await house.ask(*here, *there)
        done = await house.completions(40)
    assert {one.check_id: one.location for one in done} == {
        one.request_id: one.location for one in [*here, *there]
    }
    assert len(await house.stored(CHECKS.name)) == 40
    assert simulator.stats().requests == {"swift": 40}


async def test_a_skipped_slot_completes_with_its_reason_and_asks_nobody(
    house: House, simulator: Simulator
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=5)
    target, reason = house.target(simulator.url, "swift"), "the check of 12:00:00 is in flight"
    async with house.prober():
        await house.ask(
            request(target, skip_reason=reason),
            request(target, skip_reason=reason, due_at=past, expires_at=past),
        )
        done = await house.completions(2)
    assert {one.measurement.outcome for one in done} == {Outcome.SKIPPED}
    assert {one.measurement.evidence.message for one in done} == {f"was not asked: {reason}"}
    assert simulator.stats().requests == {}


async def test_a_location_without_a_prober_has_its_requests_completed_by_another(
    house: House, simulator: Simulator
) -> None:
    target, model_id, now = house.target(simulator.url, "swift"), uuid4(), datetime.now(UTC)

    def due(minutes_ago: int, **fields: object) -> CheckRequested:
        at = now - timedelta(minutes=minutes_ago)
        expires_at = at + timedelta(minutes=1)
        where = {"model_id": model_id, "location": "tokyo", "due_at": at, "expires_at": expires_at}
        return request(target, **where, **fields)

    before, lapsed, skipped, fresh = due(7), due(6), due(5, skip_reason="in flight"), due(1)
    abandoned = CheckAbandoned(
        request_id=lapsed.request_id,
        model_id=model_id,
        location="tokyo",
        since=lapsed.due_at,
        until=now,
    )
    await house.ask(before, lapsed, skipped, fresh, abandoned)
    async with house.prober():
        done = await house.completions(2)
        assert {one.check_id: one.measurement.outcome for one in done} == {
            lapsed.request_id: Outcome.EXPIRED,
            skipped.request_id: Outcome.SKIPPED,
        }
        assert {one.location for one in done} == {"tokyo"}
    # A prober that comes after all finds its requests answered, but for those.
    async with house.prober(location="tokyo"):
        done = await house.completions(4)
    assert len({one.check_id for one in done}) == 4 == len(await house.stored(CHECKS.name))


async def test_a_connection_test_finds_a_model_by_itself(
    house: House, simulator: Simulator
) -> None:
    for name in ("text-embedding-3-small", "gpt-4.1-mini"):
        simulator.add(name, Behaviour(ttft_ms=20, tokens=4))
    simulator.remove("swift")
    async with house.prober():
        await house.ask(request(house.target(simulator.url, None), purpose="connection_test"))
        (done,) = await house.completions(1)
    assert (done.model, done.measurement.outcome) == ("gpt-4.1-mini", Outcome.OK)
    assert simulator.stats().requests == {"gpt-4.1-mini": 1}


async def test_a_connection_test_says_why_it_fails(house: House, simulator: Simulator) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = house.target(f"http://127.0.0.1:{unused.getsockname()[1]}", None)
        wrong_key = house.target(simulator.url, None, api_key="sk-wrong")
        async with house.prober():
            await house.ask(request(nobody, purpose="connection_test"))
            await house.completions(1)
            await house.ask(request(wrong_key, purpose="connection_test"))
            first, second = await house.completions(2)
    assert first.measurement.outcome is Outcome.REFUSED
    assert second.measurement.outcome is Outcome.AUTH
    assert second.measurement.evidence.message
    simulator.remove("swift")
    simulator.add("text-embedding-3-small", Behaviour())
    async with house.prober():
        await house.ask(request(house.target(simulator.url, None), purpose="connection_test"))
        last = (await house.completions(3))[-1]
    assert last.measurement.outcome is Outcome.MODEL_GONE


async def test_no_key_reaches_the_bus_or_the_log(
    house: House, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.set("swift", fault="http_401")
    async with house.prober():
        await house.ask(request(house.target(simulator.url, "swift")))
        await house.completions(1)
    for stream in (CHECK_REQUESTS, CHECKS):
        for message in await house.stored(stream.name):
            assert API_KEY.encode() not in message.body
            assert API_KEY not in str(message.headers)
    assert API_KEY not in caplog.text


async def test_a_request_that_comes_back_after_hours_is_not_answered_twice(
    house: House, simulator: Simulator
) -> None:
    """The broker has forgotten the answer's id; the stream has not."""
    client = await house.bus.client()
    jetstream = client.jetstream()
    checks = (await jetstream.stream_info(CHECKS.name)).config
    await jetstream.update_stream(checks.evolve(duplicate_window=0.1))
    past = datetime.now(UTC) - timedelta(hours=3)
    late = request(
        house.target(simulator.url, "swift"),
        due_at=past,
        expires_at=past + timedelta(seconds=60),
    )
    headers, body = encode(late, source="scheduler", time=past)
    await jetstream.publish(late.subject, body, headers=headers)
    async with house.prober():
        await house.completions(1)
    await jetstream.delete_consumer(CHECK_REQUESTS.name, "prober-local")
    async with house.prober():
        await house.ask(request(house.target(simulator.url, "swift")))
        done = await house.completions(2)
        assert len({one.check_id for one in done}) == 2


async def test_what_a_budget_might_not_cover_is_not_sent_and_says_so(
    house: House, simulator: Simulator
) -> None:
    # At most 1000 tokens of a cent per thousand; whoever has no price is asked.
    price = Price(input_usd_per_million_tokens=10, output_usd_per_million_tokens=10)
    target = house.target(simulator.url, "swift").model_copy(update={"price": price})
    probe = ProbeProfile(prompt="?" * 100, max_tokens=700)

    def allowed(target: Target, cents: float) -> CheckRequested:
        held_until = datetime.now(UTC) + timedelta(minutes=10)
        allowance = Allowance(
            budget="Small", left_usd=cents / 100, reserved_usd=0.01, held_until=held_until
        )
        return request(target, probe=probe, allowance=allowance)

    covered, refused = allowed(target, 1), allowed(target, 0.99)
    unpriced = allowed(target.model_copy(update={"price": None}), 0)
    async with house.prober():
        await house.ask(covered, refused, unpriced)
        found = {one.check_id: one for one in await house.completions(3)}
    assert found[covered.request_id].measurement.outcome is Outcome.OK
    assert found[unpriced.request_id].measurement.outcome is Outcome.OK
    cost = found[unpriced.request_id].measurement.cost
    assert cost is not None
    assert cost.unpriced == "no_price"
    skipped = found[refused.request_id]
    assert (skipped.measurement.outcome, skipped.measurement.cost) == (Outcome.SKIPPED, None)
    assert skipped.allowance == refused.allowance
    message = skipped.measurement.evidence.message or ""
    assert "it may cost $0.010000, and $0.009900 are left of the budget 'Small'" in message
    assert simulator.stats().requests == {"swift": 2}
