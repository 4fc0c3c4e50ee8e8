"""FastStream's traps (docs/decisions/0008) around a message: streams, durables, the connection,
metrics, documents. Its default falls in, ours does not.

Each test shows both, so that a release of FastStream that closes a trap is noticed, and so is a
change of ours that opens one.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from faststream import AckPolicy
from faststream.nats import NatsBroker, PullSub, TestNatsBroker
from faststream.nats.prometheus import NatsPrometheusMiddleware
from faststream.specification import AsyncAPI
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError
from plain_faststream import (
    PLAIN,
    STREAM,
    SUBJECT,
    UNDECLARED,
    Failing,
    Slow,
    consumer,
    plain_broker,
    subscribed,
)
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from tasks import duty, freeze, publish, request, settled, working

from arguslm_bus import publisher as our_publisher
from arguslm_bus import worker as our_worker
from arguslm_bus.publisher import NotStored, Publisher
from arguslm_bus.reader import StreamReader
from arguslm_bus.worker import TASKS
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import DiscoveryRequested
from arguslm_contracts.permissions import OPERATOR
from arguslm_contracts.reference import asyncapi
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until


async def test_7_a_durable_stays_as_it_was_made(bus: BusForTests) -> None:
    client = await bus.client("prober")
    for durable in (PLAIN, "prober-discovery"):
        await client.jetstream().add_consumer(
            STREAM,
            ConsumerConfig(
                durable_name=durable, filter_subject="discovery.requested.x", ack_wait=90
            ),
        )
    async with subscribed(bus, Failing().plain, config=ConsumerConfig(ack_wait=10)):
        default = (await consumer(bus)).config
    assert (default.filter_subject, default.ack_wait) == ("discovery.requested.x", 90)
    async with working(bus, duty(Failing().task)):

        async def declared() -> bool:
            found = (await consumer(bus, "prober-discovery")).config
            return (found.filter_subject, found.ack_wait) == (SUBJECT, 10)

        await until(declared, "the durable to be as declared")


async def test_8_a_subscriber_changes_the_stream_of_others(bus: BusForTests) -> None:
    jetstream = (await bus.client()).jetstream()
    declared = (await jetstream.stream_info(STREAM)).config
    done = asyncio.Event()

    async def task(recorded: Recorded) -> None:
        done.set()

    await publish(bus, 1)
    async with working(bus, duty(task)):
        await asyncio.wait_for(done.wait(), 60)
    assert (await jetstream.stream_info(STREAM)).config == declared
    await jetstream.add_stream(name="THEIRS", subjects=["theirs.>"], max_age=86_400)
    broker = plain_broker(bus)
    broker.subscriber("theirs.a", stream="THEIRS")(Failing().plain)
    await broker.start()
    await broker.stop()
    assert (await jetstream.stream_info("THEIRS")).config.max_age == 0


async def test_9_a_publication_that_nothing_keeps_is_no_error(bus: BusForTests) -> None:
    broker = plain_broker(bus)
    await broker.start()
    assert await broker.publish({}, "nobody.keeps.this") is None
    await broker.stop()
    ours = Publisher(await bus.client("prober"), "prober")
    with pytest.raises(NotStored):
        # A subject of a stream, which the prober's user may not say.
        await ours.append(request(1), attempts=1)


async def test_10_a_publication_that_timed_out_may_be_stored_all_the_same(
    bus: BusForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(our_publisher, "_ATTEMPT_TIMEOUT_S", 0.3)
    ours = Publisher(await bus.client("scheduler"), "scheduler")
    broker = plain_broker(bus)
    await broker.start()
    await freeze(bus)
    try:
        appending = asyncio.create_task(ours.append(request(0), attempts=20))
        with pytest.raises((TimeoutError, asyncio.TimeoutError)):
            await broker.publish(b"{}", "discovery.requested.x", stream=STREAM, timeout=1)
    finally:
        os.kill(bus.server.pid, signal.SIGCONT)
    assert (await appending).duplicate, "said more than once under one id"
    await broker.publish(b"{}", "discovery.requested.x", stream=STREAM, timeout=60)
    await broker.stop()
    info = await (await bus.client()).jetstream().stream_info(STREAM, subjects_filter=">")
    assert info.state.subjects == {"discovery.requested.x": 2, request(0).subject: 1}


_DEFAULT_CONNECTION = """
import asyncio, sys
from faststream.nats import JStream, NatsBroker, PullSub, TestNatsBroker
from faststream.security import SASLPlaintext
from faststream.specification import AsyncAPI

async def main():
    broker = NatsBroker(
        sys.argv[1], security=SASLPlaintext(username="operator", password=sys.argv[2]),
        logger=None, max_reconnect_attempts=1, reconnect_time_wait=0.01,
    )
    @broker.subscriber("discovery.requested.>", durable="plain", pull_sub=PullSub(timeout=0.5),
                       stream=JStream("CHECK_REQUESTS", declare=False))
    async def handler(body: object): ...
    await broker.start()
    while True:
        print("alive", flush=True)
        await asyncio.sleep(0.1)

asyncio.run(main())
"""


async def test_14_a_lost_connection_stops_the_whole_process(bus: BusForTests) -> None:
    """Where reconnects run out, its loop spins and nothing else runs. Ours never run out."""
    done = asyncio.Event()

    async def task(recorded: Recorded) -> None:
        done.set()

    password = bus.server.passwords[OPERATOR]
    default = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _DEFAULT_CONNECTION,
        bus.server.url,
        password,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert default.stdout is not None
    try:
        assert await default.stdout.readline() == b"alive\n"
        async with working(bus, duty(task)):
            await publish(bus, 1)
            await asyncio.wait_for(done.wait(), 60)
            done.clear()
            await bus.server.kill()
            with pytest.raises((TimeoutError, asyncio.TimeoutError)):
                while True:
                    await asyncio.wait_for(default.stdout.readline(), 3)
            await bus.server.restart()
            publisher = Publisher(await bus.client("scheduler"), "scheduler")
            await publisher.append(request(7))
            await asyncio.wait_for(done.wait(), 60)
        assert default.returncode is None
    finally:
        default.kill()
        await default.wait()


async def test_15_a_deleted_durable_is_not_missed(
    bus: BusForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(our_worker, "_WATCH_S", 0.2)
    done = asyncio.Event()

    async def task(recorded: Recorded) -> None:
        done.set()

    async with subscribed(bus, Failing().plain), working(bus, duty(task)) as worker:

        async def started() -> bool:
            return worker.trouble is None

        await until(started, "the worker")
        jetstream = (await bus.client()).jetstream()
        await jetstream.delete_consumer(STREAM, PLAIN)
        await jetstream.delete_consumer(STREAM, "prober-discovery")
        await publish(bus, 1)
        await asyncio.wait_for(done.wait(), 60)
        with pytest.raises(NotFoundError):
            await consumer(bus)


async def test_16_an_ordered_consumer_resumes_late(bus: BusForTests) -> None:
    """After a restart of the server nats-py's notices only by missed heartbeats that it is gone."""
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    ordered: list[str] = []
    ours: list[str] = []

    async def note(message: Msg) -> None:
        ordered.append(message.subject)

    async def read() -> None:
        async for batch in StreamReader(await bus.client(), STREAM, 0).batches():
            ours.extend(message.subject for message in batch)

    async def ours_has(subject: str) -> None:
        async def it_has() -> bool:
            return subject in ours

        await until(it_has, f"{subject} in our reader")

    jetstream = (await bus.client()).jetstream()
    subscription = await jetstream.subscribe(SUBJECT, cb=note, ordered_consumer=True)
    reading = asyncio.create_task(read())
    try:
        await publisher.append(request(1))
        await ours_has(request(1).subject)
        await bus.server.kill()
        await bus.server.restart()
        await publisher.append(request(2))
        await ours_has(request(2).subject)
        assert ordered == [request(1).subject]
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await subscription.unsubscribe()


async def test_17_a_loop_that_fails_begins_again_without_a_pause(
    bus: BusForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with the fetch, theirs asks as often as the machine can. Ours waits, says
    what is wrong, and goes on when it is over."""
    fetch = JetStreamContext.PullSubscription.fetch
    failed: Counter[str] = Counter()
    done = asyncio.Event()
    broken = True

    async def failing(subscription: Any, *arguments: Any, **options: Any) -> list[Msg]:
        if not broken:
            return await fetch(subscription, *arguments, **options)
        failed[subscription._consumer] += 1
        await asyncio.sleep(0)
        raise RuntimeError("the bus speaks in tongues")

    async def task(recorded: Recorded) -> None:
        done.set()

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", failing)
    async with working(bus, duty(task)) as worker:

        async def told() -> bool:
            return "speaks in tongues" in (worker.trouble or "")

        await until(told, "the worker to say what is wrong")
        async with subscribed(bus, Slow().plain):

            async def storm() -> bool:
                return failed[PLAIN] > 500

            await until(storm, "the storm of requests")
        assert 0 < failed["prober-discovery"] < 100
        broken = False
        await publish(bus, 1)
        await asyncio.wait_for(done.wait(), 60)


async def test_19_every_subject_is_a_series_of_its_own(bus: BusForTests) -> None:
    registry, seen = CollectorRegistry(), asyncio.Event()
    broker = plain_broker(bus, middlewares=[NatsPrometheusMiddleware(registry=registry)])
    handled = 0

    async def plain(body: object) -> None:
        nonlocal handled
        handled += 1
        if handled == 20:
            seen.set()

    async def task(recorded: Recorded) -> None:
        return

    await publish(bus, 20)
    async with subscribed(bus, plain, broker=broker, ack_policy=AckPolicy.ACK):
        await asyncio.wait_for(seen.wait(), 60)
    named = {f'"{request(number).subject}"'.encode() for number in range(20)}
    page = generate_latest(registry)
    assert all(subject in page for subject in named)
    async with working(bus, duty(task)):
        await settled(bus)
    assert not any(subject.encode() in generate_latest() for subject in map(bytes.decode, named))
    labels = {s.labels["durable"] for family in TASKS.collect() for s in family.samples}
    assert "prober-discovery" in labels


def test_20_its_documents_describe_batches_and_no_streams() -> None:
    """Ours, generated from the contracts, say what one message is and where it is kept."""
    broker = NatsBroker()

    @broker.subscriber(SUBJECT, stream=UNDECLARED, durable=PLAIN, pull_sub=PullSub(batch=True))
    async def take(batch: list[DiscoveryRequested]) -> None: ...

    theirs = AsyncAPI(broker).to_specification().to_jsonable()
    assert STREAM not in str(theirs)
    (message,) = theirs["components"]["messages"].values()
    payload = theirs["components"]["schemas"][message["payload"]["$ref"].rsplit("/", 1)[1]]
    assert payload["type"] == "array"
    ours = asyncapi.document()
    channel = ours["channels"][DiscoveryRequested.name]
    assert channel["x-stream"]["name"] == STREAM
    message = ours["components"]["messages"][DiscoveryRequested.event_type()]
    schemas = ours["components"]["schemas"]
    assert "ce-type" in schemas[message["headers"]["$ref"].rsplit("/", 1)[1]]["properties"]
    assert "array" not in str(message["payload"])


async def test_21_its_stand_in_proves_nothing() -> None:
    """It takes what no server would: a test on it says nothing of the bus."""
    broker = NatsBroker()
    calls = 0

    @broker.subscriber(SUBJECT, stream=UNDECLARED, ack_policy=AckPolicy.NACK_ON_ERROR)
    async def take(body: bytes) -> None:
        nonlocal calls
        calls += 1
        raise ValueError("not today")

    async with TestNatsBroker(broker) as stand_in:
        assert await stand_in.publish(b"", "kept.by.no-stream", stream="NOT_THERE") is None
        with pytest.raises(ValueError, match="not today"):
            await stand_in.publish(b"", request(1).subject)
    assert calls == 1  # a server would have brought it again


def test_22_its_plugin_for_fastapi_is_going_away() -> None:
    def loaded(module: str, *options: str) -> subprocess.CompletedProcess[str]:
        program = f"import sys, {module}; print('faststream.nats.fastapi' in sys.modules)"
        return subprocess.run(
            [sys.executable, *options, "-c", program], capture_output=True, text=True, check=False
        )

    assert "DeprecationWarning" in loaded("faststream.nats.fastapi", "-W", "error").stderr
    assert loaded("arguslm_query_api.app").stdout == "False\n"


def test_9_11_18_21_22_what_is_not_used_cannot_be_fallen_into() -> None:
    """FastStream publishes nothing for us, pushes nothing to us, and its stand-in proves
    nothing."""
    root = Path(__file__).parents[3]
    source = {
        path: path.read_text()
        for pattern in ("libs/*/src/**/*.py", "services/*/src/**/*.py")
        for path in root.glob(pattern)
    }
    assert len(source) > 100
    using = [
        path.name
        for path, text in source.items()
        if "import faststream" in text or "from faststream" in text
    ]
    assert using == ["worker.py"]
    (worker,) = (text for path, text in source.items() if path.name == "worker.py")
    for trap in (".publish(", ".publisher(", "max_workers", "batch=True", ".fastapi"):
        assert trap not in worker, trap
    assert worker.count("broker.subscriber(") == worker.count("pull_sub=") == 1
    tests = [
        path
        for pattern in ("libs", "services", "tests")
        for path in root.glob(f"{pattern}/**/*.py")
    ]
    using = [path.name for path in tests if "TestNatsBroker" in path.read_text()]
    assert using == [Path(__file__).name]
