"""Account events leave REGISTRY for ACCOUNTS: all, once, in order, whatever interrupts it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from nats.js import JetStreamContext
from nats.js.api import PubAck

from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import RawMessage, last_held, read_until, stream_state
from arguslm_bus.topology import Drift, apply_topology
from arguslm_contracts.events.accounts import (
    Account,
    AccountCreated,
    AccountRemoved,
    ApiKey,
    ApiKeyCreated,
    ApiKeyRevoked,
    SessionEnded,
)
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.registry import Channel, ChannelCreated, ChannelRemoved
from arguslm_contracts.streams import ACCOUNTS, REGISTRY
from arguslm_testkit.bus import BusForTests, running_bus
from arguslm_testkit.older import make_older, say_as_before

AT = datetime(2026, 11, 1, tzinfo=UTC)
MOVED = Drift(REGISTRY.name, "its account events moved to ACCOUNTS", mended=True)
# Of moving `history()`: an update, a new stream, five copies, two purges.
STEPS = 9
CHANGING = ("update_stream", "add_stream", "publish", "purge_stream")


class Killed(BaseException):
    """The process ends here."""


def channel(number: int) -> Event:
    made = Channel(
        channel_id=UUID(int=number), name="c", kind="webhook", url="sealed", created_at=AT
    )
    return ChannelCreated(revision=1, at=AT, channel=made)


def history() -> list[Event]:
    """Accounts and keys among other things; an account event is the last."""
    account = Account(
        account_id=UUID(int=1), username="ana", role="viewer", password_hash="x", created_at=AT
    )
    key = ApiKey(
        key_id=UUID(int=2), name="k", role="viewer", key_hash="ab" * 32, hint="h", created_at=AT
    )
    return [
        ApiKeyCreated(revision=1, at=AT, api_key=key),
        channel(1),
        AccountCreated(revision=1, at=AT, account=account),
        channel(2),
        ApiKeyRevoked(revision=2, at=AT, key_id=key.key_id),
        ChannelRemoved(revision=2, at=AT, channel_id=UUID(int=1)),
        AccountRemoved(revision=2, at=AT, account_id=account.account_id),
        SessionEnded(revision=1, at=AT, session_id=UUID(int=3), expires_at=AT),
    ]


def is_account(subject: str) -> bool:
    return subject.startswith(("account.", "api-key."))


async def held(bus: BusForTests, stream: str) -> list[RawMessage]:
    client = await bus.client()
    until = (await stream_state(client, stream)).last_sequence
    return [
        message
        async for batch in read_until(client, stream, after=0, until=until)
        for message in batch
    ]


def said(message: RawMessage) -> tuple[str, dict[str, str], bytes]:
    """What an event says, without what was said to the server alone."""
    headers = message.headers or {}
    kept = {k: v for k, v in headers.items() if not k.startswith("Nats-Expected")}
    return message.subject, kept, message.body


@contextmanager
def killed_at(step: int, *, after_it: bool) -> Iterator[None]:
    """End the mover before or after a step that changes the bus, counted from 0."""
    left = [step]

    def wrapped(original: Any) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] < 0 and not after_it:
                raise Killed
            done = await original(*args, **kwargs)
            if left[0] < 0:
                raise Killed
            return done

        return call

    changed = {name: wrapped(getattr(JetStreamContext, name)) for name in CHANGING}
    with patch.multiple(JetStreamContext, **changed):
        yield


@contextmanager
def acknowledged() -> Iterator[list[PubAck]]:
    """Every acknowledgement of what is published meanwhile."""
    acks: list[PubAck] = []
    original = JetStreamContext.publish

    async def publish(*args: Any, **kwargs: Any) -> PubAck:
        acks.append(await original(*args, **kwargs))
        return acks[-1]

    with patch.object(JetStreamContext, "publish", publish):
        yield acks


async def lost(bus: BusForTests, before: list[RawMessage]) -> list[RawMessage]:
    """What stands in neither stream."""
    names = [info.config.name for info in await (await bus.client()).jetstream().streams_info()]
    found = [
        said(message)
        for stream in (REGISTRY.name, ACCOUNTS.name)
        if stream in names
        for message in await held(bus, stream)
    ]
    return [message for message in before if said(message) not in found]


async def expect_moved(bus: BusForTests, before: list[RawMessage]) -> None:
    """Everything stands where it belongs, as it was said, once and in order."""
    jetstream = (await bus.client()).jetstream()
    for spec in (REGISTRY, ACCOUNTS):
        subjects = (await jetstream.stream_info(spec.name)).config.subjects or []
        assert sorted(subjects) == sorted(spec.subjects)
    stayed = [m for m in before if not is_account(m.subject)]
    assert [m.sequence for m in await held(bus, REGISTRY.name)] == [m.sequence for m in stayed]
    moved = [m for m in before if is_account(m.subject)]
    assert [said(m) for m in await held(bus, ACCOUNTS.name)] == [said(m) for m in moved]
    assert await apply_topology(await bus.client()) == []


async def test_a_fresh_house_has_nothing_to_move(bus: BusForTests) -> None:
    assert await apply_topology(await bus.client()) == []


async def test_without_stored_events_only_the_subjects_move(bus: BusForTests) -> None:
    await make_older(await bus.client())
    assert await apply_topology(await bus.client()) == [MOVED]
    await expect_moved(bus, [])


async def test_all_account_events_move_in_order_and_are_told_of_once(bus: BusForTests) -> None:
    client = await bus.client()
    await make_older(client)
    await say_as_before(client, history())
    await client.jetstream().publish("account.noise.1", b"no event, and without an id")
    before = await held(bus, REGISTRY.name)
    assert await apply_topology(client) == [MOVED]
    *events, noise = await held(bus, ACCOUNTS.name)
    assert (noise.subject, noise.headers) == ("account.noise.1", {"Nats-Msg-Id": "REGISTRY-9"})
    assert [said(m) for m in events] == [said(m) for m in before if is_account(m.subject)][:-1]
    assert not any("Expected" in name for m in events for name in m.headers or {})
    assert len(await held(bus, REGISTRY.name)) == 3
    assert await apply_topology(client) == []
    assert len(await held(bus, ACCOUNTS.name)) == 6


@pytest.mark.parametrize("after_it", [False, True], ids=["before a step", "after a step"])
@pytest.mark.parametrize("step", range(STEPS))
async def test_ended_at_any_step_the_next_start_goes_on(
    bus: BusForTests, step: int, after_it: bool
) -> None:
    client = await bus.client()
    await make_older(client)
    await say_as_before(client, history())
    before = await held(bus, REGISTRY.name)
    with killed_at(step, after_it=after_it), pytest.raises(Killed):
        await apply_topology(client)
    assert not await lost(bus, before)
    with acknowledged() as acks:
        told = await apply_topology(client)
    # By what stands there, not by what the broker remembers for two minutes.
    assert not any(ack.duplicate for ack in acks)
    assert told == ([] if (step, after_it) == (STEPS - 1, True) else [MOVED])
    await expect_moved(bus, before)


async def test_ended_again_and_again_it_comes_to_its_end(bus: BusForTests) -> None:
    client = await bus.client()
    await make_older(client)
    await say_as_before(client, history())
    before = await held(bus, REGISTRY.name)
    for _ in range(STEPS - 1):
        with killed_at(0, after_it=True), pytest.raises(Killed):
            await apply_topology(client)
        assert not await lost(bus, before)
    await apply_topology(client)
    await expect_moved(bus, before)


async def test_what_an_older_program_says_meanwhile_is_kept_too(bus: BusForTests) -> None:
    """With compose the setup runs beside the old query-api."""
    client = await bus.client()
    await make_older(client)
    await say_as_before(client, history())
    with killed_at(2, after_it=True), pytest.raises(Killed):
        await apply_topology(client)
    late = SessionEnded(revision=1, at=AT, session_id=UUID(int=4), expires_at=AT)
    await Publisher(client, "query-api").append(late)
    assert await apply_topology(client) == [MOVED]
    sessions = [m.subject for m in await held(bus, ACCOUNTS.name) if "session" in m.subject]
    assert sorted(sessions) == sorted([late.subject, history()[-1].subject])


async def test_sequences_stay_what_they_were_though_the_server_is_killed(tmp_path: Path) -> None:
    async with running_bus(tmp_path) as bus:
        client = await bus.client()
        await make_older(client)
        last = (await say_as_before(client, history()))[-1]
        before = await held(bus, REGISTRY.name)
        assert await apply_topology(client) == [MOVED]
        os.kill(bus.server.pid, signal.SIGKILL)
    async with running_bus(tmp_path) as bus:
        await expect_moved(bus, before)
        client = await bus.client()
        assert (await stream_state(client, REGISTRY.name)).last_sequence == last == 8
        assert await last_held(client, REGISTRY.name) == 6
        stored = await Publisher(client, "query-api").append(channel(9), expected_sequence=0)
        assert stored.sequence == last + 1 == await last_held(client, REGISTRY.name)


async def test_the_end_of_an_empty_stream_is_its_beginning(bus: BusForTests) -> None:
    client = await bus.client()
    assert await last_held(client, REGISTRY.name) == 0
    await Publisher(client, "query-api").append(channel(1))
    await client.jetstream().purge_stream(REGISTRY.name)
    assert await last_held(client, REGISTRY.name) == 0
