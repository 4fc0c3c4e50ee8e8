"""Dead letters: seen, taken again by the worker that gave up and by nobody else, or dropped."""

import asyncio
from datetime import UTC, datetime

import pytest
from tasks import all_acknowledged, duty, id_of, pending, publish, request, settled, working

from arguslm_bus.dead_letters import CannotDecide, DeadLetter, bury, drop, letters, replay
from arguslm_bus.reader import RawMessage, stream_state
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.permissions import replay_durable
from arguslm_contracts.streams import CHECK_REQUESTS, CLOCK, DEAD_LETTERS
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until


class Ward:
    """A task that fails until it is healed, and what came of it."""

    def __init__(self) -> None:
        self.healthy = False
        self.done: list[Recorded] = []
        self.tries = 0

    async def task(self, recorded: Recorded) -> None:
        self.tries += 1
        if not self.healthy:
            raise ConnectionError("the database is down")
        self.done.append(recorded)


async def all_letters(bus: BusForTests) -> list[DeadLetter]:
    return await letters(await bus.client())


async def letters_come(bus: BusForTests, count: int) -> list[DeadLetter]:
    async def buried() -> bool:
        return len(await all_letters(bus)) >= count

    await until(buried, f"{count} letters")
    return await all_letters(bus)


async def a_dead_letter(bus: BusForTests, ward: Ward) -> DeadLetter:
    await publish(bus, 1)
    async with working(bus, duty(ward.task, max_deliveries=1)):
        (letter,) = await letters_come(bus, 1)
        await settled(bus)
    return letter


async def replays_settled(bus: BusForTests) -> None:
    durable = replay_durable("prober-discovery")
    await until(
        lambda: all_acknowledged(bus, DEAD_LETTERS.name, durable),
        "every replay to be acknowledged",
    )


async def test_a_letter_tells_what_died_where_and_why(bus: BusForTests) -> None:
    letter = await a_dead_letter(bus, Ward())
    assert (letter.service, letter.durable) == ("prober", "prober-discovery")
    assert (letter.stream, letter.sequence) == (CHECK_REQUESTS.name, 1)
    assert letter.subject == request(0).subject
    assert letter.reason == "ConnectionError: the database is down"
    assert letter.body == request(0).model_dump_json().encode()
    assert letter.headers["ce-type"] == "arguslm.discovery.requested.v1"
    assert (letter.attempts, letter.decided) == (1, None)
    assert letter.at is not None


async def test_a_replay_reaches_the_worker_that_gave_up_and_no_other_reader(
    bus: BusForTests,
) -> None:
    ward = Ward()
    letter = await a_dead_letter(bus, ward)
    before = await stream_state(await bus.client(), CHECK_REQUESTS.name)
    ward.healthy = True
    await replay(await bus.client(), letter)
    async with working(bus, duty(ward.task)):
        await replays_settled(bus)
    (again,) = ward.done
    # The very event, where it stands: its result is derived from the same cause.
    assert (again.stream, again.sequence, again.subject) == (
        CHECK_REQUESTS.name,
        letter.sequence,
        letter.subject,
    )
    assert (again.event, again.event_id) == (request(0), request(0).event_id)
    assert await stream_state(await bus.client(), CHECK_REQUESTS.name) == before
    assert await pending(bus) == 0
    (letter,) = await all_letters(bus)
    assert letter.decided is not None
    assert letter.decided.startswith("replayed at ")


async def test_a_letter_is_replayed_once_however_many_ask(bus: BusForTests) -> None:
    ward = Ward()
    letter = await a_dead_letter(bus, ward)
    ward.healthy = True
    client = await bus.client()
    asked = await asyncio.gather(
        *(replay(client, letter) for _ in range(5)), return_exceptions=True
    )
    assert [type(error) for error in asked if error is not None] == [CannotDecide] * 4
    async with working(bus, duty(ward.task)), working(bus, duty(ward.task)):
        await replays_settled(bus)
    (decided,) = await all_letters(bus)
    with pytest.raises(CannotDecide, match="was replayed at"):
        await replay(client, decided)
    with pytest.raises(CannotDecide, match="was replayed at"):
        await drop(client, decided, "")
    assert len(ward.done) == 1


async def test_a_replay_that_fails_makes_a_new_letter(bus: BusForTests) -> None:
    ward = Ward()
    letter = await a_dead_letter(bus, ward)
    await replay(await bus.client(), letter)
    async with working(bus, duty(ward.task, max_deliveries=1)):
        first, second = await letters_come(bus, 2)
        await replays_settled(bus)
    assert first.decided is not None
    assert second.decided is None
    assert second.number > first.number
    assert (second.sequence, second.subject, second.durable) == (
        first.sequence,
        first.subject,
        first.durable,
    )
    ward.healthy = True
    await replay(await bus.client(), second)
    async with working(bus, duty(ward.task)):
        await replays_settled(bus)
    assert [id_of(one) for one in ward.done] == [request(0).request_id]


async def test_a_dropped_letter_stays_with_the_reason_and_is_never_replayed(
    bus: BusForTests,
) -> None:
    ward = Ward()
    letter = await a_dead_letter(bus, ward)
    await drop(await bus.client(), letter, "known:\nthe provider is gone")
    (dropped,) = await all_letters(bus)
    assert dropped.decided is not None
    assert dropped.decided.startswith("dropped at ")
    assert dropped.decided.endswith(": known: the provider is gone")
    assert dropped.body == letter.body
    with pytest.raises(CannotDecide, match="was dropped at"):
        await replay(await bus.client(), dropped)


async def test_what_a_projection_passed_over_is_not_replayed_but_rebuilt(bus: BusForTests) -> None:
    parked = RawMessage(
        7, "clock.ticked.second", {"Nats-Msg-Id": "x", "a": "b"}, b"{}", 0, datetime.now(UTC)
    )
    await bury(await bus.client("scheduler"), "scheduler", CLOCK.name, parked, "ValueError: x")
    (letter,) = await all_letters(bus)
    assert letter.durable is None
    with pytest.raises(CannotDecide, match="arguslm rebuild scheduler"):
        await replay(await bus.client(), letter)
    await drop(await bus.client(), letter, "")
