"""FastStream's traps (docs/decisions/0008) in what becomes of a message that is a task. Its default
falls in, our worker does not.

Each test shows both, so that a release of FastStream that closes a trap is noticed, and so is a
change of ours that opens one.
"""

import asyncio
import itertools
import os
import signal
from collections import Counter

import pytest
from faststream import AckPolicy
from faststream.nats import JStream, PullSub
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig
from plain_faststream import (
    PLAIN,
    STREAM,
    Failing,
    Slow,
    consumer,
    plain_broker,
    subscribed,
)
from tasks import duty, freeze, pending, publish, request, settled, working

from arguslm_bus import publisher as our_publisher
from arguslm_bus import worker as our_worker
from arguslm_bus.dead_letters import letters
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import StreamReader
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import DiscoveryCompleted, DiscoveryRequested
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.streams import CHECKS
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until


async def test_1_a_failed_message_is_terminated(bus: BusForTests) -> None:
    await publish(bus, 1)
    default, ours = Failing(), Failing()
    async with subscribed(bus, default.plain):
        await default.called(1)
        await settled(bus, PLAIN)
    assert len(default.calls) == 1
    assert await letters(await bus.client()) == []
    async with working(bus, duty(ours.task, max_deliveries=3)):
        await settled(bus)
    assert len(ours.calls) == 3
    assert len(await letters(await bus.client())) == 1


async def test_2_a_refusal_comes_back_at_once(bus: BusForTests) -> None:
    await publish(bus, 1)
    default, ours = Failing(), Failing()
    patient = ConsumerConfig(backoff=[1, 5, 30])
    policy = AckPolicy.NACK_ON_ERROR
    async with subscribed(bus, default.plain, ack_policy=policy, config=patient):
        await default.called(3)
    gaps = [later - sooner for sooner, later in itertools.pairwise(default.calls)]
    assert min(gaps) < 0.5, "its backoff is heeded now"
    async with working(
        bus, duty(ours.task, max_deliveries=3, first_delay_s=0.5, longest_delay_s=9)
    ):
        await settled(bus)
    first, second = (later - sooner for sooner, later in itertools.pairwise(ours.calls))
    assert (first > 0.45, second > 0.95) == (True, True)


async def test_3_the_last_delivery_is_told_to_nobody(bus: BusForTests) -> None:
    """An advisory is a core message: who does not listen at that moment never knows. Ours makes
    the one of too many deliveries impossible, and buries before it terminates."""
    await publish(bus, 1)
    told: list[str] = []

    async def on_advisory(message: Msg) -> None:
        told.append(message.subject.removeprefix("$JS.EVENT.ADVISORY.CONSUMER."))

    await (await bus.client()).subscribe("$JS.EVENT.ADVISORY.CONSUMER.>", cb=on_advisory)
    default, ours = Failing(), Failing()
    bounded, policy = ConsumerConfig(max_deliver=2), AckPolicy.NACK_ON_ERROR
    async with subscribed(bus, default.plain, ack_policy=policy, config=bounded):

        async def advised() -> bool:
            return f"MAX_DELIVERIES.{STREAM}.{PLAIN}" in told

        await until(advised, "the advisory")
    assert await letters(await bus.client()) == []
    told.clear()
    async with working(bus, duty(ours.task, max_deliveries=2)):
        await settled(bus)
        assert (await consumer(bus, "prober-discovery")).config.max_deliver == -1
    (letter,) = await letters(await bus.client())
    assert letter.attempts == 2
    assert [subject for subject in told if subject.startswith("MAX_DELIVERIES")] == []


async def test_4_what_cannot_be_decoded_reaches_no_handler(bus: BusForTests) -> None:
    await (await bus.client()).jetstream().publish("discovery.requested.x", b"\xff not json")
    called: list[object] = []

    async def plain(body: dict[str, str]) -> None:
        called.append(body)

    async with subscribed(bus, plain):
        await settled(bus, PLAIN)
    assert called == []
    assert await letters(await bus.client()) == []
    async with working(bus, duty(Failing().task)):
        await settled(bus)
    (letter,) = await letters(await bus.client())
    assert letter.body == b"\xff not json"


async def test_5_a_lone_message_waits_for_its_batch(bus: BusForTests) -> None:
    arrived: list[str] = []

    async def plain(batch: list[object]) -> None:
        arrived.append("default")

    async def task(recorded: Recorded) -> None:
        arrived.append("ours")

    async def read() -> None:
        async for _batch in StreamReader(await bus.client(), STREAM, 0).batches():
            arrived.append("reader")
            return

    whole = PullSub(batch_size=100, timeout=30, batch=True)
    async with subscribed(bus, plain, pull_sub=whole), working(bus, duty(task)):
        reading = asyncio.create_task(read())
        await publish(bus, 1)

        async def both_of_ours() -> bool:
            return {"ours", "reader"} <= set(arrived)

        await until(both_of_ours, "the message to arrive")
        await reading
        assert "default" not in arrived


async def test_6_a_pulled_batch_runs_all_at_once(bus: BusForTests) -> None:
    await publish(bus, 10)
    default, ours = Slow(), Slow()
    async with subscribed(bus, default.plain, pull_sub=PullSub(batch_size=10, timeout=0.5)):
        await default.has_begun(10)
        default.release.set()
        await settled(bus, PLAIN)
    assert default.peak == 10
    ours.release.set()
    async with working(bus, duty(ours.task, concurrency=1)):
        await settled(bus)
    assert (ours.begun, ours.peak) == (10, 1)


async def test_11_a_lost_answer_makes_it_do_the_work_again(
    bus: BusForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server stands still while the answer is on its way. Ours says the answer again, under
    its id, and does not ask the endpoint a second time."""
    monkeypatch.setattr(our_publisher, "_ATTEMPT_TIMEOUT_S", 0.3)
    said: Counter[str] = Counter()

    async def work(name: str) -> None:
        said[name] += 1
        if said[name] == 1:
            await freeze(bus)
            asyncio.get_running_loop().call_later(1, os.kill, bus.server.pid, signal.SIGCONT)

    broker = plain_broker(bus)

    @broker.publisher("discovery.completed.default", stream=JStream(CHECKS.name, declare=False))
    async def plain(body: object) -> dict[str, str]:
        await work("default")
        return {}

    async def task(recorded: Recorded) -> None:
        await work("ours")
        event = recorded.event
        assert isinstance(event, DiscoveryRequested)
        await ours.append(
            DiscoveryCompleted(
                request_id=event.request_id,
                provider_id=event.provider_id,
                outcome=Outcome.OK,
                completed_at=recorded.time,
            )
        )

    async def stored(subject: str) -> int:
        info = await (await bus.client()).jetstream().stream_info(CHECKS.name, subjects_filter=">")
        return (info.state.subjects or {}).get(subject, 0)

    ours = Publisher(await bus.client("prober"), "prober")
    await publish(bus, 1)
    async with subscribed(bus, plain, broker=broker, ack_policy=AckPolicy.NACK_ON_ERROR):
        await settled(bus, PLAIN)
    assert (said["default"], await stored("discovery.completed.default")) == (2, 2)
    async with working(bus, duty(task)):
        await settled(bus)
    subject = f"discovery.completed.{request(0).provider_id}"
    assert (said["ours"], await stored(subject)) == (1, 1)


async def test_12_long_work_is_given_to_another_meanwhile(
    bus: BusForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(our_worker, "_ACK_WAIT_S", 1.0)
    monkeypatch.setattr(our_worker, "_HEARTBEAT_S", 0.3)
    await publish(bus, 1)
    default, ours = Slow(), Slow()
    impatient = ConsumerConfig(ack_wait=1)
    async with (
        subscribed(bus, default.plain, config=impatient, max_workers=4),
        working(bus, duty(ours.task)),
        working(bus, duty(ours.task)),
    ):
        await default.has_begun(3)
        assert ours.begun == 1
        default.release.set()
        ours.release.set()
        await settled(bus)
    assert ours.begun == 1


async def test_13_a_stop_keeps_what_was_fetched(bus: BusForTests) -> None:
    await publish(bus, 10)
    default, ours = Slow(), Slow()
    broker = plain_broker(bus, graceful_timeout=0.2)
    prefetch = PullSub(batch_size=10, timeout=0.5)
    async with subscribed(bus, default.plain, broker=broker, pull_sub=prefetch):
        await default.has_begun(10)
    assert ((await consumer(bus)).num_ack_pending or 0) > 0
    on = duty(ours.task, concurrency=4)
    async with working(bus, on):
        await ours.has_begun(4)

    async def all_given_back() -> bool:
        return await pending(bus) == 10

    await until(all_given_back, "all to be there for the next worker", timeout_s=8)
    ours.release.set()
    async with working(bus, on):
        await settled(bus)


@pytest.mark.filterwarnings("ignore:The JetStream Push consumer")
async def test_18_what_is_pushed_faster_than_it_is_worked_on_is_dropped(bus: BusForTests) -> None:
    """Their queue holds 256 MB by default; what comes beyond is thrown away and sent anew after its
    ack wait. Ours pulls what it has places for."""

    async def deliveries(durable: str) -> int:
        delivered = (await consumer(bus, durable)).delivered
        return delivered.consumer_seq if delivered else 0

    async def all_pushed() -> bool:
        return await deliveries(PLAIN) == 5

    await publish(bus, 5)
    default, ours = Slow(), Slow()
    async with subscribed(
        bus,
        default.plain,
        pull_sub=False,
        pending_msgs_limit=2,
        config=ConsumerConfig(ack_wait=1),
        max_workers=1,
    ):
        await until(all_pushed, "all to be pushed")
        default.release.set()
        await settled(bus, PLAIN)
    assert await deliveries(PLAIN) > 5
    ours.release.set()
    async with working(bus, duty(ours.task, concurrency=1)):
        await settled(bus)
    assert await deliveries("prober-discovery") == 5
