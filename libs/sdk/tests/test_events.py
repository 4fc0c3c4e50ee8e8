"""The subscriber against a real bus, as the user it has in production."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from arguslm.errors import ArgusLMError, ConnectionFailed
from arguslm.events import EventSubscriber
from arguslm_contracts.envelope import Recorded, encode
from arguslm_contracts.events.alerts import AlertAcknowledged
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.permissions import SUBSCRIBER
from arguslm_testkit.bus import BusForTests

Publish = Callable[[Event], Awaitable[int]]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def completed(model_id: UUID | None = None) -> CheckCompleted:
    return CheckCompleted(
        check_id=uuid4(),
        model_id=model_id or uuid4(),
        provider_id="p",
        provider_type="openai",
        provider_name="Somewhere",
        model="gpt-4.1",
        location="here",
        due_at=NOON,
        started_at=NOON,
        completed_at=NOON,
        measurement=Measurement.of(Outcome.OK),
    )


def acknowledged() -> AlertAcknowledged:
    return AlertAcknowledged(alert_id=uuid4(), acknowledged_by="ada", acknowledged_at=NOON)


@pytest.fixture
async def publish(bus: BusForTests) -> Publish:
    js = (await bus.client()).jetstream()

    async def send(event: Event) -> int:
        headers, body = encode(event, source="test", time=datetime.now(UTC))
        return (await js.publish(event.subject, body, headers=headers)).seq

    return send


@pytest.fixture
def subscriber(bus: BusForTests) -> Callable[..., EventSubscriber]:
    def make(*subjects: str, **options: object) -> EventSubscriber:
        return EventSubscriber(
            *subjects,
            url=bus.server.url,
            password=bus.server.passwords[SUBSCRIBER.name],
            **options,  # type: ignore[arg-type]
        )

    return make


async def take(events: EventSubscriber, count: int) -> list[Recorded]:
    """The next so many events, the last one acknowledged."""
    taken: list[Recorded] = []
    async with asyncio.timeout(20):
        while len(taken) < count:
            taken.append(await anext(events))
        await events.ack()
    return taken


Subscribe = Callable[..., EventSubscriber]


async def test_new_events_come_typed_and_in_order(publish: Publish, subscriber: Subscribe) -> None:
    await publish(completed())
    async with subscriber("check.completed.>") as events:
        sent = [completed() for _ in range(5)]
        for event in sent:
            await publish(event)
        taken = await take(events, 5)
    assert [one.event for one in taken] == sent
    assert [one.sequence for one in taken] == [2, 3, 4, 5, 6]
    assert taken[0].source == "/arguslm/test"
    assert taken[0].subject == sent[0].subject


async def test_a_subject_filters(publish: Publish, subscriber: Subscribe) -> None:
    model_id = uuid4()
    for event in (completed(), completed(model_id), completed()):
        await publish(event)
    async with subscriber(f"check.completed.*.{model_id}", start="all") as events:
        (one,) = await take(events, 1)
        await publish(completed())
        await publish(last := completed(model_id))
        (two,) = await take(events, 1)
    assert isinstance(one.event, CheckCompleted)
    assert one.event.model_id == model_id
    assert two.event == last


async def test_subjects_of_several_streams(publish: Publish, subscriber: Subscribe) -> None:
    check, ack = completed(), acknowledged()
    await publish(check)
    await publish(ack)
    async with subscriber("check.completed.>", "alert.>", start="all") as events:
        taken = await take(events, 2)
    assert {one.stream: one.event for one in taken} == {"CHECKS": check, "ALERTS": ack}


async def test_start_at_a_sequence(publish: Publish, subscriber: Subscribe) -> None:
    sent = [completed() for _ in range(4)]
    for event in sent:
        await publish(event)
    async with subscriber("check.completed.>", start=3) as events:
        assert [one.event for one in await take(events, 2)] == sent[2:]


async def test_start_at_a_time(publish: Publish, subscriber: Subscribe) -> None:
    await publish(completed())
    between = datetime.now(UTC)
    await publish(later := completed())
    async with subscriber("check.completed.>", start=between) as events:
        assert [one.event for one in await take(events, 1)] == [later]


async def test_a_durable_goes_on_where_it_acknowledged(
    publish: Publish, subscriber: Subscribe
) -> None:
    sent = [completed() for _ in range(3)]
    for event in sent:
        await publish(event)
    async with subscriber("check.completed.>", durable="mine", start="all") as events:
        assert [one.event for one in await take(events, 2)] == sent[:2]
    async with subscriber("check.completed.>", durable="mine", start="all") as events:
        assert [one.event for one in await take(events, 1)] == sent[2:]


async def test_an_event_whose_loop_body_failed_comes_again(
    publish: Publish, subscriber: Subscribe
) -> None:
    await publish(event := completed())

    async def fail() -> None:
        async with subscriber("check.completed.>", durable="mine", start="all") as events:
            async for _ in events:
                raise RuntimeError("the body failed")

    with pytest.raises(RuntimeError, match="the body failed"):
        await fail()
    async with subscriber("check.completed.>", durable="mine") as events:
        assert [one.event for one in await take(events, 1)] == [event]


async def test_two_of_a_durable_share_the_events(publish: Publish, subscriber: Subscribe) -> None:
    async with (
        subscriber("check.completed.>", durable="mine", start="all") as one,
        subscriber("check.completed.>", durable="mine") as two,
    ):
        sent = [completed() for _ in range(2)]
        for event in sent:
            await publish(event)
        # Neither acknowledges before both have one.
        async with asyncio.timeout(20):
            taken = await asyncio.gather(anext(one), anext(two))
    assert {one.event_id for one in taken} == {event.event_id for event in sent}


async def test_a_slow_loop_body_keeps_its_event(publish: Publish, subscriber: Subscribe) -> None:
    await publish(event := completed())
    options = {"durable": "mine", "start": "all", "ack_wait_s": 1.0}
    async with (
        subscriber("check.completed.>", **options) as slow,
        subscriber("check.completed.>", **options) as peer,
    ):
        assert (await anext(slow)).event == event
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(peer), 3)


async def test_a_durable_with_other_subjects_is_refused(
    publish: Publish, subscriber: Subscribe
) -> None:
    async with subscriber("check.completed.>", durable="mine"):
        pass
    with pytest.raises(ArgusLMError, match="use another name"):
        await subscriber("check.completed.here.>", durable="mine").open()


@pytest.mark.parametrize("durable", [None, "mine"])
async def test_it_reads_on_after_the_broker_was_killed(
    bus: BusForTests, publish: Publish, subscriber: Subscribe, durable: str | None
) -> None:
    sent = [completed() for _ in range(40)]
    async with subscriber("check.completed.>", durable=durable) as events:
        for event in sent[:20]:
            await publish(event)
        taken = await take(events, 10)
        await bus.server.kill()
        await bus.server.restart()
        for event in sent[20:]:
            await _published(publish, event)
        taken += await take(events, 30)
    assert [one.event for one in taken] == sent


async def test_new_means_new_also_when_the_broker_died_first(
    bus: BusForTests, publish: Publish, subscriber: Subscribe
) -> None:
    await publish(completed())
    async with subscriber("check.completed.>") as events:
        await bus.server.kill()
        await bus.server.restart()
        await _published(publish, event := completed())
        assert [one.event for one in await take(events, 1)] == [event]


async def test_an_unreadable_message_is_passed_over(
    bus: BusForTests, publish: Publish, subscriber: Subscribe
) -> None:
    js = (await bus.client()).jetstream()
    await js.publish("check.completed.here.x", b"not an event")
    await publish(event := completed())
    for durable in (None, "mine"):
        async with subscriber("check.completed.>", start="all", durable=durable) as events:
            assert [one.event for one in await take(events, 1)] == [event]


async def test_losing_patience_loses_no_event(publish: Publish, subscriber: Subscribe) -> None:
    async with subscriber("check.completed.>") as events:
        sent = [completed() for _ in range(30)]
        taken: list[Recorded] = []
        for event in sent:
            await publish(event)
            try:
                taken.append(await asyncio.wait_for(anext(events), 0.0005))
            except TimeoutError:
                continue
        taken += await take(events, len(sent) - len(taken))
    assert [one.event for one in taken] == sent


async def test_closing_ends_the_loop(subscriber: Subscribe) -> None:
    async with subscriber("check.completed.>") as events:

        async def read() -> list[Recorded]:
            return [recorded async for recorded in events]

        reading = asyncio.create_task(read())
        await asyncio.sleep(0)
        await events.close()
        assert await asyncio.wait_for(reading, 5) == []


async def test_an_ephemeral_leaves_nothing_behind(bus: BusForTests, subscriber: Subscribe) -> None:
    js = (await bus.client()).jetstream()
    async with subscriber("check.completed.>"):
        assert len(await js.consumers_info("CHECKS")) == 1
    assert await js.consumers_info("CHECKS") == []


async def test_a_wrong_password_is_said_at_once(bus: BusForTests) -> None:
    events = EventSubscriber("check.completed.>", url=bus.server.url, password="wrong-secret")
    with pytest.raises(ConnectionFailed, match="as 'subscriber'") as caught:
        await asyncio.wait_for(events.open(), 5)
    assert "wrong-secret" not in str(caught.value)


async def test_a_stream_that_is_not_its_to_read(bus: BusForTests, subscriber: Subscribe) -> None:
    with pytest.raises(ConnectionFailed, match="may this user read it"):
        await subscriber("provider.>").open()


async def test_nobody_listens(unused_tcp_port: int) -> None:
    url = f"nats://user:hidden@127.0.0.1:{unused_tcp_port}"
    events = EventSubscriber("check.completed.>", url=url, connect_timeout_s=0.5)
    with pytest.raises(ConnectionFailed, match="cannot connect to the bus") as caught:
        await events.open()
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("subjects", "options", "complaint"),
    [
        ((), {}, "which subjects"),
        (("check.>",), {}, "name the event"),
        (("nonsense.happened",), {}, "no stream keeps"),
        (("check.completed.>",), {"start": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
        (("check.completed.>", "alert.>"), {"start": 7}, "one stream"),
        (("check.completed.>",), {"start": 0}, "begin at 1"),
        (("check.completed.>",), {"start": "yesterday"}, '"new"'),
    ],
)
def test_what_cannot_be_is_said_before_connecting(
    subjects: tuple[str, ...], options: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        EventSubscriber(*subjects, url="nats://127.0.0.1:1", **options)  # type: ignore[arg-type]


def test_the_address_may_come_from_the_environment() -> None:
    EventSubscriber("alert.>", environ={"ARGUSLM_NATS_URL": "nats://127.0.0.1:1"})
    with pytest.raises(ArgusLMError, match="ARGUSLM_NATS_URL"):
        EventSubscriber("alert.>", environ={})


async def _published(publish: Publish, event: Event) -> None:
    """Publish, again and again while the bus comes back: the event's id makes it one."""
    async with asyncio.timeout(20):
        while True:
            try:
                await publish(event)
                return
            except (TimeoutError, ConnectionError):
                continue
