"""Who may say and hear what, proven on a real server with the generated users."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import event_examples
import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from arguslm_bus.lookup import last_event
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import read_until
from arguslm_contracts.events.base import Event
from arguslm_contracts.permissions import (
    OPERATOR,
    PROBER,
    QUERY_API,
    SCHEDULER,
    SERVICES,
    SUBSCRIBER,
    USERS,
    BusUser,
    inbox_prefix,
    publishers_of,
    replay_durable,
    replay_subject,
)
from arguslm_contracts.streams import (
    ACCOUNTS,
    CHECK_REQUESTS,
    CHECKS,
    DEAD_LETTERS,
    REGISTRY,
    STREAMS,
    StreamSpec,
)
from arguslm_contracts.subjects import stream_of
from arguslm_testkit.bus import BusForTests


def by_name(value: object) -> str:
    return value.name if isinstance(value, BusUser | StreamSpec) else str(value)


EVERY_USER = pytest.mark.parametrize("user", USERS, ids=by_name)


@dataclass
class Voice:
    """A plain connection as one user, and what the server refused it."""

    client: Client
    refusals: list[str] = field(default_factory=list)

    async def may_publish(self, subject: str, body: bytes = b"") -> bool:
        """Whether the server takes a message."""
        before = len(self.refusals)
        await self.client.publish(subject, body, reply=self.client.new_inbox())
        return await self._refusals() == before

    async def may_subscribe(self, subject: str) -> bool:
        before = len(self.refusals)
        await self.client.subscribe(subject)
        return await self._refusals() == before

    async def _refusals(self) -> int:
        """A refusal comes before the answer to a later ping. The client may send a first ping
        ahead of what it has buffered, never a second one."""
        await self.client.flush()
        await self.client.flush()
        return len(self.refusals)


@asynccontextmanager
async def voice_of(bus: BusForTests, user: str) -> AsyncIterator[Voice]:
    refusals: list[str] = []

    async def on_error(error: Exception) -> None:
        refusals.append(str(error))

    client = await nats.connect(
        bus.server.url,
        user=user,
        password=bus.server.passwords[user],
        inbox_prefix=inbox_prefix(user),
        error_cb=on_error,
    )
    try:
        yield Voice(client, refusals)
    finally:
        await client.close()


def said_by(user: BusUser) -> list[Event]:
    return [event for event in event_examples.EXAMPLES if user.name in publishers_of(event.name)]


def not_said_by(user: BusUser) -> list[Event]:
    return [event for event in event_examples.EXAMPLES if event not in said_by(user)]


@pytest.mark.parametrize("user", SERVICES, ids=by_name)
async def test_a_service_stores_each_of_its_events(bus: BusForTests, user: BusUser) -> None:
    publisher = Publisher(await bus.client(user.name), user.name)
    for event in said_by(user):
        stored = await publisher.append(event)
        assert stored.stream == stream_of(event.subject).name
        assert not stored.duplicate


@EVERY_USER
async def test_nobody_says_what_is_not_theirs(bus: BusForTests, user: BusUser) -> None:
    async with voice_of(bus, user.name) as voice:
        said = [
            event.name
            for event in not_said_by(user)
            if await voice.may_publish(event.subject, event.model_dump_json().encode())
        ]
    assert said == []
    operator = (await bus.client()).jetstream()
    for stream in STREAMS:
        assert (await operator.stream_info(stream.name)).state.messages == 0


async def test_the_scheduler_cannot_complete_a_check(bus: BusForTests) -> None:
    completed = next(e for e in event_examples.EXAMPLES if e.name == "check.completed")
    async with voice_of(bus, SCHEDULER.name) as voice:
        assert not await voice.may_publish(completed.subject)
        assert "permissions violation for publish" in voice.refusals[0].lower()
        assert completed.subject in voice.refusals[0].lower()


async def test_a_service_buries_in_its_own_name_only(bus: BusForTests) -> None:
    async with voice_of(bus, PROBER.name) as voice:
        assert await voice.may_publish("dead.prober.CHECK_REQUESTS.1")
        assert not await voice.may_publish("dead.scheduler.CHECK_REQUESTS.1")


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"user": "scheduler"},
        {"user": "scheduler", "password": ""},
        {"user": "scheduler", "password": "scheduler"},
        {"user": "nobody", "password": "x"},
        {"token": "x"},
    ],
    ids=str,
)
async def test_strangers_stay_outside(bus: BusForTests, credentials: dict[str, str]) -> None:
    with pytest.raises(NatsError, match=r"(?i)authorization"):
        await nats.connect(bus.server.url, allow_reconnect=False, connect_timeout=5, **credentials)


async def test_one_password_opens_one_door(bus: BusForTests) -> None:
    passwords = bus.server.passwords
    assert len(set(passwords.values())) == len(passwords) == len(USERS) + 1
    with pytest.raises(NatsError, match=r"(?i)authorization"):
        await nats.connect(
            bus.server.url,
            user=OPERATOR,
            password=passwords[QUERY_API.name],
            allow_reconnect=False,
        )


@EVERY_USER
async def test_nobody_hears_more_than_their_own_inbox(bus: BusForTests, user: BusUser) -> None:
    async with voice_of(bus, user.name) as voice:
        assert await voice.may_subscribe(f"{inbox_prefix(user.name)}.answer")
        foreign = [f"{inbox_prefix(other.name)}.>" for other in USERS if other is not user]
        for subject in [">", "_INBOX.>", "*.>", "check.>", "$JS.API.>", *foreign]:
            assert not await voice.may_subscribe(subject), subject


async def test_an_answer_reaches_its_asker_alone(bus: BusForTests) -> None:
    heard: list[bytes] = []

    async def overhear(message: nats.aio.msg.Msg) -> None:
        heard.append(message.data)

    async with voice_of(bus, PROBER.name) as prober, voice_of(bus, SCHEDULER.name) as scheduler:
        await prober.client.subscribe(f"{inbox_prefix(SCHEDULER.name)}.>", cb=overhear)
        await prober.client.flush()
        info = await scheduler.client.jetstream().stream_info(REGISTRY.name)
        assert info.config.name == REGISTRY.name
        await prober.client.flush()
    assert heard == []


@EVERY_USER
async def test_only_declared_streams_can_be_read(bus: BusForTests, user: BusUser) -> None:
    async with voice_of(bus, user.name) as voice:
        for stream in STREAMS:
            ways_in = [
                f"$JS.API.STREAM.MSG.GET.{stream.name}",
                f"$JS.API.DIRECT.GET.{stream.name}",
                f"$JS.API.CONSUMER.CREATE.{stream.name}",
                f"$JS.API.CONSUMER.MSG.NEXT.{stream.name}.any",
            ]
            opened = [await voice.may_publish(subject, b"{}") for subject in ways_in]
            declared = [stream in user.reads] * len(ways_in)
            if user is PROBER and stream is DEAD_LETTERS:
                # Its replay durables are named after locations, and the bus knows wildcards for
                # whole names only: it may ask any, and create none but its own.
                declared[-1] = True
            assert opened == declared, stream.name


@pytest.mark.parametrize("user", [u for u in SERVICES if u.durables], ids=by_name)
async def test_a_worker_reads_its_own_replays_and_no_letter(
    bus: BusForTests, user: BusUser
) -> None:
    durable = user.durables[0][1].replace("*", "local")
    create = f"$JS.API.CONSUMER.CREATE.{DEAD_LETTERS.name}"
    own = f"{create}.{replay_durable(durable)}"
    async with voice_of(bus, user.name) as voice:
        assert await voice.may_publish(f"{own}.{replay_subject(user.name, durable, '*')}")
        for subject in (
            own,
            f"{own}.dead.>",
            f"{own}.dead.replay-requested.>",
            f"{own}.dead.{user.name}.>",
            f"$JS.API.CONSUMER.DURABLE.CREATE.{DEAD_LETTERS.name}.{replay_durable(durable)}",
            replay_subject(user.name, durable, 1),
        ):
            assert not await voice.may_publish(subject), subject


async def test_a_subscriber_reads_results_but_neither_registry_nor_requests(
    bus: BusForTests,
) -> None:
    async with voice_of(bus, SUBSCRIBER.name) as voice:
        jetstream = voice.client.jetstream(timeout=0.5)
        with pytest.raises(NotFoundError):
            await jetstream.get_msg(CHECKS.name, seq=1)
        for closed in (REGISTRY, ACCOUNTS, CHECK_REQUESTS, DEAD_LETTERS):
            with pytest.raises((TimeoutError, asyncio.TimeoutError, NatsError)):
                await jetstream.get_msg(closed.name, seq=1)
        assert len(voice.refusals) == 4


async def test_who_may_come_in_is_for_query_api_alone(bus: BusForTests) -> None:
    created = next(e for e in event_examples.EXAMPLES if e.name == "account.created")
    await Publisher(await bus.client(QUERY_API.name), QUERY_API.name).append(created)
    assert [user.name for user in USERS if ACCOUNTS in user.reads] == [QUERY_API.name]
    async with voice_of(bus, QUERY_API.name) as voice:
        found = await last_event(voice.client, ACCOUNTS.name, created.subject)
        assert found is not None
        assert found.event == created
        (batch,) = [b async for b in read_until(voice.client, ACCOUNTS.name, after=0, until=1)]
        assert [message.subject for message in batch] == [created.subject]


@pytest.mark.parametrize("user", [u for u in USERS if u is not QUERY_API], ids=by_name)
async def test_nobody_else_reads_accounts_in_any_way(bus: BusForTests, user: BusUser) -> None:
    created = next(e for e in event_examples.EXAMPLES if e.name == "account.created")
    await Publisher(await bus.client(QUERY_API.name), QUERY_API.name).append(created)
    async with voice_of(bus, user.name) as voice:
        jetstream = voice.client.jetstream(timeout=0.5)
        for asked in (
            jetstream.get_msg(ACCOUNTS.name, seq=1),
            jetstream.get_msg(ACCOUNTS.name, subject=created.subject, direct=True),
            jetstream.get_msg(ACCOUNTS.name, seq=1, direct=True),
            jetstream.add_consumer(ACCOUNTS.name, ConsumerConfig(durable_name="mine")),
            jetstream.add_consumer(ACCOUNTS.name, filter_subject="account.>"),
            jetstream.stream_info(ACCOUNTS.name),
        ):
            with pytest.raises((TimeoutError, asyncio.TimeoutError, NatsError)):
                await asked
        assert len(voice.refusals) == 6
        # Nor through a stream that they do read.
        for stream in user.reads:
            with pytest.raises(NotFoundError):
                await jetstream.get_msg(stream.name, subject=created.subject)


@EVERY_USER
async def test_only_the_operator_changes_streams(bus: BusForTests, user: BusUser) -> None:
    async with voice_of(bus, user.name) as voice:
        for stream in STREAMS:
            for verb in ("CREATE", "UPDATE", "DELETE", "PURGE", "MSG.DELETE", "RESTORE"):
                if verb == "PURGE" and stream in user.purges:
                    continue
                assert not await voice.may_publish(f"$JS.API.STREAM.{verb}.{stream.name}", b"{}")
        assert not await voice.may_publish("$JS.API.STREAM.CREATE.MINE", b"{}")


@EVERY_USER
async def test_probers_alone_take_places(bus: BusForTests, user: BusUser) -> None:
    async with voice_of(bus, user.name) as voice:
        for subject in ("place.prober-local.acme.0", "$JS.API.STREAM.MSG.DELETE.PLACES"):
            assert await voice.may_publish(subject, b"{}") == user.takes_places


@EVERY_USER
async def test_nobody_takes_another_services_work(bus: BusForTests, user: BusUser) -> None:
    named = [
        (stream.name, durable)
        for owner in SERVICES
        for stream, durable in owner.durables
        if owner is not user and "*" not in durable
    ]
    assert named
    async with voice_of(bus, user.name) as voice:
        for stream, durable in named:
            for way in (
                f"$JS.ACK.{stream}.{durable}.1.1.1.1.1",
                f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}",
                f"$JS.API.CONSUMER.CREATE.{stream}.{durable}",
                f"$JS.API.CONSUMER.CREATE.{stream}.{durable}.alert.>",
                f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{durable}",
                f"$JS.API.CONSUMER.DELETE.{stream}.{durable}",
            ):
                assert not await voice.may_publish(way), way
