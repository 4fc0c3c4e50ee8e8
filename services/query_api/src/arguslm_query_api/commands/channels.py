"""Channels: where alerts are told. The address is a secret, sealed before it reaches an event."""

from datetime import UTC, datetime
from uuid import UUID

from arguslm_contracts.events.alerts import (
    NotificationDelivered,
    NotificationFailed,
    NotificationTestRequested,
)
from arguslm_contracts.events.registry import (
    Channel,
    ChannelCreated,
    ChannelRemoved,
    ChannelUpdated,
)
from arguslm_contracts.rest.alerts import (
    ChannelCreate,
    ChannelTestResponse,
    ChannelUpdate,
    NotificationRecord,
)
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.channel_addresses import check_channel_url
from arguslm_query_api.commands.recorder import check_revision
from arguslm_query_api.door import Door
from arguslm_query_api.reads import alerts
from arguslm_query_api.refusals import Unknown
from arguslm_storage.vault import Vault, VaultError

TEST_WAIT_S = 45.0
_URL = "url"


async def create(door: Door, who: Principal, attempt: Attempt, body: ChannelCreate) -> bool:
    """Create a channel under the attempt's id."""
    if (known := await door.recorder.repeated(attempt, ChannelCreated)) is not None:
        return await door.recorder.shows(known)
    url = body.url.get_secret_value().strip()
    await check_channel_url(body.kind, url, door.egress)
    now = datetime.now(UTC)
    channel = Channel(
        channel_id=attempt.id,
        name=body.name,
        kind=body.kind,
        url=door.vault.seal({_URL: url}),
        enabled=body.enabled,
        created_at=now,
    )
    event = ChannelCreated(revision=1, actor=who.name, at=now, channel=channel)
    return await door.recorder.record_new(event, attempt)


async def update(
    door: Door,
    who: Principal,
    channel_id: UUID,
    body: ChannelUpdate,
    expected_revision: int | None,
) -> bool:
    """Change what is given."""
    channel, revision, sequence = await _stored(door, channel_id)
    check_revision(expected_revision, revision)
    changes = body.model_dump(exclude_none=True, exclude={"url"})
    changes = {name: value for name, value in changes.items() if getattr(channel, name) != value}
    if body.url is not None:
        url = body.url.get_secret_value().strip()
        await check_channel_url(channel.kind, url, door.egress)
        if open_url(door.vault, channel.url) != url:
            changes["url"] = door.vault.seal({_URL: url})
    if not changes:
        return True
    event = ChannelUpdated(
        revision=revision + 1,
        actor=who.name,
        at=datetime.now(UTC),
        channel=channel.model_copy(update=changes),
        changed=tuple(changes),
    )
    return await door.recorder.record(event, expected_sequence=sequence)


async def remove(
    door: Door, who: Principal, channel_id: UUID, expected_revision: int | None
) -> None:
    _, revision, sequence = await _stored(door, channel_id)
    check_revision(expected_revision, revision)
    event = ChannelRemoved(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), channel_id=channel_id
    )
    await door.recorder.record(event, expected_sequence=sequence)


async def test(
    door: Door, who: Principal, attempt: Attempt, channel_id: UUID
) -> ChannelTestResponse:
    """Send a test message over the channel, and wait for what becomes of it."""
    async with door.feed.subscribe() as happenings:
        if await door.recorder.repeated(attempt, NotificationTestRequested) is None:
            await _stored(door, channel_id)
            request = NotificationTestRequested(
                test_id=attempt.id, channel_id=channel_id, requested_by=who.name
            )
            await door.recorder.ask(request, attempt)
        told = await _told(door, attempt.id)
        if told is None and await happenings.first(
            lambda recorded: (
                isinstance(recorded.event, NotificationDelivered | NotificationFailed)
                and recorded.event.alert_id == attempt.id
            ),
            TEST_WAIT_S,
        ):
            told = await _told(door, attempt.id)
    if told is None:
        return ChannelTestResponse(
            success=False,
            message=f"No answer from alerting within {TEST_WAIT_S:.0f} s; is it running?",
        )
    if not told.delivered:
        return ChannelTestResponse(success=False, message=f"Not delivered: {told.error}")
    return ChannelTestResponse(success=True, message="Delivered.")


def open_url(vault: Vault, sealed: str) -> str | None:
    """The address behind a channel's seal; None where its key is not there any more."""
    try:
        return vault.open(sealed)[_URL]
    except VaultError:
        return None


async def _told(door: Door, test_id: UUID) -> NotificationRecord | None:
    async with door.database.reading() as connection:
        return await alerts.notification_test(connection, test_id)


async def _stored(door: Door, channel_id: UUID) -> tuple[Channel, int, int]:
    async with door.database.reading() as connection:
        found = await alerts.stored_channel(connection, channel_id)
    if found is None:
        raise Unknown(f"there is no channel {channel_id}")
    return found
