"""/api/v1/alerts/channels"""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from arguslm_contracts.rest.alerts import (
    ChannelCreate,
    ChannelList,
    ChannelResponse,
    ChannelTestResponse,
    ChannelUpdate,
)
from arguslm_query_api.auth.roles import Operator, Viewer
from arguslm_query_api.commands import channels
from arguslm_query_api.door import Door
from arguslm_query_api.http.answers import ACCEPTED, accepted, both_versions, with_etag
from arguslm_query_api.http.dependencies import ExpectedRevision, TheAttempt, TheDoor
from arguslm_query_api.reads import alerts as alert_reads
from arguslm_query_api.refusals import Unknown

router = APIRouter(prefix="/alerts/channels", tags=["alerts"])


@router.get("", response_model=ChannelList)
async def list_channels(door: TheDoor, who: Viewer) -> Any:
    async with door.database.reading() as connection:
        return ChannelList(items=await alert_reads.list_channels(connection, _opener(door)))


@router.post("", response_model=ChannelResponse, status_code=201, responses=ACCEPTED)
async def create_channel(
    body: ChannelCreate,
    door: TheDoor,
    who: Operator,
    response: Response,
    attempt: TheAttempt,
) -> Any:
    shown = await channels.create(door, who, attempt, body)
    return await _answer(door, attempt.id, response, shown=shown)


@router.get("/{channel_id}", response_model=ChannelResponse)
async def get_channel(channel_id: UUID, door: TheDoor, who: Viewer, response: Response) -> Any:
    return await _answer(door, channel_id, response, shown=True)


@router.patch("/{channel_id}", response_model=ChannelResponse, responses=ACCEPTED)
async def update_channel(
    channel_id: UUID,
    body: ChannelUpdate,
    door: TheDoor,
    who: Operator,
    response: Response,
    expected_revision: ExpectedRevision,
) -> Any:
    """Change only what is given."""
    async with both_versions(partial(_read, door, channel_id), body):
        shown = await channels.update(door, who, channel_id, body, expected_revision)
    return await _answer(door, channel_id, response, shown=shown)


@router.delete("/{channel_id}", status_code=204)
async def delete_channel(
    channel_id: UUID, door: TheDoor, who: Operator, expected_revision: ExpectedRevision
) -> None:
    async with both_versions(partial(_read, door, channel_id)):
        await channels.remove(door, who, channel_id, expected_revision)


@router.post("/{channel_id}/test", response_model=ChannelTestResponse)
async def test_channel(channel_id: UUID, door: TheDoor, who: Operator, attempt: TheAttempt) -> Any:
    """Send a test message over this channel now."""
    return await channels.test(door, who, attempt, channel_id)


async def _answer(door: Door, channel_id: UUID, response: Response, *, shown: bool) -> Any:
    if not shown:
        return accepted(f"/api/v1/alerts/channels/{channel_id}")
    return with_etag(response, await _read(door, channel_id))


async def _read(door: Door, channel_id: UUID) -> ChannelResponse:
    async with door.database.reading() as connection:
        listed = await alert_reads.list_channels(connection, _opener(door))
    channels_by_id = {channel.id: channel for channel in listed}
    if channel_id not in channels_by_id:
        raise Unknown(f"there is no channel {channel_id}")
    return channels_by_id[channel_id]


def _opener(door: Door) -> Callable[[str], str | None]:
    return partial(channels.open_url, door.vault)
