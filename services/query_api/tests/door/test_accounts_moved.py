"""A query API whose tables were built while accounts stood in REGISTRY: after the move the same
people come in, and nobody else."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from running_door import ADMIN_KEY, API, RunningDoor, running_door
from signing_in import PASSWORD, log_in
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.projector import Projector
from arguslm_bus.rebuild import verify
from arguslm_bus.topology import apply_topology
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events import accounts as events
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.registry import Channel, ChannelCreated
from arguslm_contracts.identity import derive
from arguslm_contracts.streams import ACCOUNTS, REGISTRY
from arguslm_query_api.auth.keys import hash_key
from arguslm_query_api.auth.passwords import Passwords
from arguslm_query_api.projections import accounts, registry
from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_query_api.reads.accounts import list_accounts, list_api_keys, session_ended
from arguslm_storage.database import open_database, open_shadow
from arguslm_storage.migrate import upgrade
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.older import make_older, say_as_before

AT = datetime(2026, 11, 1, tzinfo=UTC)
ANA, GONE, SESSION = uuid4(), uuid4(), uuid4()
LIVE_KEY, REVOKED_KEY = "argus_live-0123456789", "argus_revoked-0123456789"


async def _fold_all(connection: AsyncConnection, batch: list[Recorded]) -> None:
    await registry.fold(connection, batch)
    await accounts.fold(connection, batch)


OLDER_TABLES = replace(
    SERVICE_TABLES,
    version=SERVICE_TABLES.version - 1,
    folds={
        **{name: fold for name, fold in SERVICE_TABLES.folds.items() if name != ACCOUNTS.name},
        REGISTRY.name: _fold_all,
    },
)


def key_created(text: str, key_id: UUID) -> Event:
    made = events.ApiKey(
        key_id=key_id,
        name=text[:10],
        role="admin",
        key_hash=hash_key(text),
        hint=text[-4:],
        created_at=AT,
    )
    return events.ApiKeyCreated(revision=1, at=AT, api_key=made)


async def history() -> list[Event]:
    password_hash = await Passwords().hash(PASSWORD)
    ana, gone = (
        events.Account(
            account_id=account_id,
            username=name,
            role="operator",
            password_hash=password_hash,
            created_at=AT,
        )
        for account_id, name in ((ANA, "ana"), (GONE, "gone"))
    )
    channel = Channel(channel_id=uuid4(), name="Team", kind="webhook", url="sealed", created_at=AT)
    live, revoked = uuid4(), uuid4()
    return [
        key_created(ADMIN_KEY, derive("admin-key", hash_key(ADMIN_KEY))),
        ChannelCreated(revision=1, at=AT, channel=channel),
        events.AccountCreated(revision=1, at=AT, account=ana.model_copy(update={"role": "viewer"})),
        events.AccountCreated(revision=1, at=AT, account=gone),
        key_created(LIVE_KEY, live),
        key_created(REVOKED_KEY, revoked),
        events.AccountUpdated(revision=2, at=AT, account=ana, changed=("role",)),
        events.AccountRemoved(revision=2, at=AT, account_id=GONE),
        events.ApiKeyRevoked(revision=2, at=AT, key_id=revoked),
        events.SessionEnded(
            revision=1, at=AT, session_id=SESSION, expires_at=AT + timedelta(days=999)
        ),
    ]


async def project_as_before(bus: BusForTests, storage: StorageSettings, last: int) -> None:
    database = open_database("query-api", storage)
    await upgrade(database, SERVICE_TABLES.migrations, SERVICE_TABLES.metadata)
    projector = Projector(await bus.client("query-api"), database, OLDER_TABLES)
    running = asyncio.create_task(projector.run())
    assert await projector.wait_for(REGISTRY.name, last, 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.close()


async def who_is_there(house: RunningDoor) -> tuple[list[str], list[str]]:
    async with house.door.database.reading() as connection:
        people = [f"{one.username} {one.role}" for one in await list_accounts(connection)]
        keys = [one.name for one in await list_api_keys(connection)]
        assert await session_ended(connection, SESSION)
    return sorted(people), sorted(keys)


async def status_with(house: RunningDoor, key: str) -> int:
    return (await house.client(key).get(f"{API}/auth/me")).status_code


@pytest.mark.parametrize("tables", ["old tables", "no tables"])
async def test_the_same_people_come_in_as_before_the_move(
    bus: BusForTests, storage: StorageSettings, tables: str
) -> None:
    client = await bus.client()
    await make_older(client)
    last = (await say_as_before(client, await history()))[-1]
    if tables == "old tables":
        await project_as_before(bus, storage, last)
    (moved,) = await apply_topology(client)
    assert str(moved) == "stream REGISTRY: its account events moved to ACCOUNTS"
    async with running_door(bus, storage) as house:
        assert await house.door.projector.wait_for(ACCOUNTS.name, 9, 60)
        assert await who_is_there(house) == (
            ["ana operator"],
            sorted([ADMIN_KEY[:10], LIVE_KEY[:10]]),
        )
        assert (await log_in(house.client())).status_code == 200
        assert (await log_in(house.client(), username="gone")).status_code == 401
        assert await status_with(house, ADMIN_KEY) == await status_with(house, LIVE_KEY) == 200
        assert await status_with(house, REVOKED_KEY) == 401
        assert (await house.client().get("/health")).json()["status"] == "healthy"
        # What is decided from now on expects the new sequences, and is shown at once.
        changed = await house.admin.patch(f"{API}/accounts/{ANA}", json={"role": "viewer"})
        assert (changed.status_code, changed.json()["role"]) == (200, "viewer"), changed.text
        assert (await house.admin.delete(f"{API}/accounts/{ANA}")).status_code == 204
        shadow = open_shadow(house.door.database)
        rebuilt = (client, house.door.database, shadow, SERVICE_TABLES, lambda *_: None)
        assert await verify(*rebuilt) == []
        await shadow.close()
        assert house.door.projector.trouble == {}


async def test_a_feed_tells_of_accounts_as_it_did(house: RunningDoor) -> None:
    """A hint to look again, in the order of their own stream; never what the event holds."""
    async with house.door.feed.subscribe() as happenings:
        await house.admin.post(f"{API}/auth/api-keys", json={"name": "n"})
        happening = await asyncio.wait_for(happenings.next(), 10)
    assert happening.recorded.stream == ACCOUNTS.name
    assert happening.message is not None
    assert happening.message.data == {
        "aggregate": "api-key",
        "id": str(happening.recorded.event.key),
    }
