"""The worker: every task ends in a result or a dead letter, exactly as often as it should."""

import asyncio
import itertools
from uuid import UUID

from nats.js.api import AckPolicy, ConsumerConfig
from tasks import duty, id_of, provider_of, publish, request, settled, working

from arguslm_bus.publisher import Publisher
from arguslm_bus.worker import TryLater
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.identity import derive
from arguslm_contracts.streams import CHECK_REQUESTS, DEAD_LETTERS
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until


async def test_does_every_task_once_and_acknowledges_it(bus: BusForTests) -> None:
    done: list[UUID] = []

    async def task(recorded: Recorded) -> None:
        done.append(id_of(recorded))

    await publish(bus, 20)
    async with working(bus, duty(task)):
        await settled(bus)
    assert sorted(done) == sorted(derive("request", number) for number in range(20))


async def test_a_slow_task_delays_no_other_and_concurrency_is_bounded(bus: BusForTests) -> None:
    release = asyncio.Event()
    running, peak, done = 0, 0, 0

    async def task(recorded: Recorded) -> None:
        nonlocal running, peak, done
        running += 1
        peak = max(peak, running)
        if id_of(recorded) == derive("request", 0):
            await release.wait()
        running -= 1
        done += 1

    await publish(bus, 30)
    async with working(bus, duty(task, concurrency=4)):

        async def all_others() -> bool:
            return done == 29

        await until(all_others, "the others to be done while one hangs")
        release.set()
        await settled(bus)
    assert (done, peak <= 4) == (30, True)


async def test_a_failing_task_is_tried_again_with_backoff_and_then_buried(
    bus: BusForTests,
) -> None:
    tries: list[float] = []

    async def task(recorded: Recorded) -> None:
        tries.append(asyncio.get_running_loop().time())
        raise ConnectionError("the database is down")

    await publish(bus, 1)
    async with working(bus, duty(task, max_deliveries=3)):
        await settled(bus)
    assert len(tries) == 3
    # FastStream's own refusal would come back at once, thousands of times a second.
    assert all(later - sooner >= 0.09 for sooner, later in itertools.pairwise(tries))
    client = await bus.client()
    dead = await client.jetstream().get_msg(DEAD_LETTERS.name, subject="dead.prober.>")
    assert (dead.headers or {})["Arguslm-Dead-Reason"] == "ConnectionError: the database is down"
    assert (dead.headers or {})["Arguslm-Dead-Subject"] == request(0).subject


async def test_a_task_may_ask_for_its_own_delay(bus: BusForTests) -> None:
    tries: list[float] = []

    async def task(recorded: Recorded) -> None:
        tries.append(asyncio.get_running_loop().time())
        if len(tries) == 1:
            raise TryLater("not yet", delay_s=0.6)

    await publish(bus, 1)
    async with working(bus, duty(task)):
        await settled(bus)
    assert tries[1] - tries[0] >= 0.55


async def test_an_unreadable_message_is_buried_and_the_rest_goes_on(bus: BusForTests) -> None:
    client = await bus.client()
    await client.jetstream().publish("discovery.requested.x", b"\xff not json")
    done = asyncio.Event()

    async def task(recorded: Recorded) -> None:
        done.set()

    await publish(bus, 1)
    async with working(bus, duty(task)):
        await settled(bus)
    assert done.is_set()
    dead = await client.jetstream().get_msg(DEAD_LETTERS.name, subject="dead.prober.>")
    assert dead.data == b"\xff not json"


async def test_work_outlasting_the_acknowledgement_wait_is_not_given_to_another(
    bus: BusForTests,
) -> None:
    begun = 0

    async def task(recorded: Recorded) -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(12)

    await publish(bus, 1)
    async with working(bus, duty(task)), working(bus, duty(task)):
        await settled(bus)
    assert begun == 1


async def test_shutdown_gives_unfinished_work_back_at_once(bus: BusForTests) -> None:
    taken = asyncio.Event()

    async def endless(recorded: Recorded) -> None:
        taken.set()
        await asyncio.Event().wait()

    done: list[UUID] = []

    async def task(recorded: Recorded) -> None:
        done.append(id_of(recorded))

    await publish(bus, 3)
    async with working(bus, duty(endless, concurrency=1)):
        await asyncio.wait_for(taken.wait(), 10)
    started = asyncio.get_running_loop().time()
    async with working(bus, duty(task)):
        await settled(bus)
    assert sorted(done) == sorted(derive("request", number) for number in range(3))
    # Far below the 10 s after which the server itself would hand them out again.
    assert asyncio.get_running_loop().time() - started < 8


async def test_a_durable_made_by_an_older_release_is_brought_up_to_date(bus: BusForTests) -> None:
    client = await bus.client("prober")
    await client.jetstream().add_consumer(
        CHECK_REQUESTS.name,
        ConsumerConfig(
            durable_name="prober-discovery",
            filter_subject="discovery.requested.other",
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=99,
        ),
    )
    done = asyncio.Event()

    async def task(recorded: Recorded) -> None:
        done.set()

    async with working(bus, duty(task)):
        await publish(bus, 1)
        await asyncio.wait_for(done.wait(), 10)


async def test_goes_on_after_the_broker_was_killed(bus: BusForTests) -> None:
    done: list[UUID] = []

    async def task(recorded: Recorded) -> None:
        done.append(id_of(recorded))

    async with working(bus, duty(task)):
        await publish(bus, 2)
        await settled(bus)
        await bus.server.kill()
        await bus.server.restart()
        publisher = Publisher(await bus.client("scheduler"), "scheduler")
        await publisher.append(request(7))

        async def new_one() -> bool:
            return derive("request", 7) in done

        # A killed broker may forget an acknowledgement: an old task may come twice, none is lost.
        await until(new_one, "the task published after the restart")
    assert set(done) == {derive("request", number) for number in (0, 1, 7)}


async def test_one_slow_key_leaves_places_to_the_others(bus: BusForTests) -> None:
    release = asyncio.Event()
    slow = str(derive("provider", 0))
    running, peak, done = 0, 0, list[UUID]()

    async def task(recorded: Recorded) -> None:
        nonlocal running, peak
        if provider_of(recorded) == slow:
            running += 1
            peak = max(peak, running)
            await release.wait()
            running -= 1
        done.append(id_of(recorded))

    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    for number in range(10):
        await publisher.append(request(number).model_copy(update={"provider_id": UUID(slow)}))
    for number in range(10, 20):
        await publisher.append(request(number))
    on = duty(task, concurrency=4, key=provider_of, concurrency_per_key=2)
    async with working(bus, on):

        async def all_others() -> bool:
            return len(done) == 10

        await until(all_others, "the tasks of other keys while one key hangs")
        release.set()
        await settled(bus)
    assert peak == 2
    assert sorted(done) == sorted(derive("request", number) for number in range(20))
