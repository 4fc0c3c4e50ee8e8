"""Listing a provider's models again: asked of the prober, registered by the scheduler."""

import asyncio
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.checks import DiscoveryCompleted, DiscoveryRequested
from arguslm_contracts.events.registry import ModelRegistered
from arguslm_contracts.identity import model_uuid
from arguslm_contracts.outcomes import VERDICTS, Outcome
from arguslm_contracts.rest.providers import ProviderRefreshResponse
from arguslm_query_api.commands.providers import stored, target_of
from arguslm_query_api.door import Door
from arguslm_query_api.live import FellBehind, Subscription
from arguslm_query_api.reads import aggregates, models

WAIT_S = 45.0
_REGISTERED_WITHIN_S = 10.0


async def refresh_models(door: Door, provider_id: UUID) -> ProviderRefreshResponse:
    """Ask what the provider serves, and wait until what is new is registered."""
    provider, _, _ = await stored(door, provider_id)
    request = DiscoveryRequested(
        request_id=uuid4(), provider_id=provider_id, target=target_of(provider, None)
    )
    before = await _names_known(door, provider_id)
    async with door.feed.subscribe() as happenings:
        await door.recorder.ask(request)
        completed = await _completion(happenings, request.request_id)
        if completed is None:
            return _failed(f"No answer from the prober within {WAIT_S:.0f} s; is it running?")
        if completed.outcome is not Outcome.OK:
            says = VERDICTS[completed.outcome].says
            reason = f" ({completed.message})" if completed.message else ""
            return _failed(f"{provider.display_name} {says}{reason}.")
        new = {model.name for model in completed.models} - before
        ids = {model_uuid(provider_id, name) for name in new}
        added = await _registered(door, happenings, ids)
    found = len(completed.models)
    return ProviderRefreshResponse(
        success=True,
        models_discovered=found,
        models_added=added,
        message=f"{provider.display_name} serves {found} models; {added} of them are new.",
    )


def _failed(message: str) -> ProviderRefreshResponse:
    return ProviderRefreshResponse(success=False, models_discovered=0, message=message)


async def _completion(happenings: Subscription, request_id: UUID) -> DiscoveryCompleted | None:
    seen = await happenings.first(
        lambda recorded: (
            isinstance(recorded.event, DiscoveryCompleted)
            and recorded.event.request_id == request_id
        ),
        WAIT_S,
    )
    if seen is None or not isinstance(seen.event, DiscoveryCompleted):
        return None
    return seen.event


async def _names_known(door: Door, provider_id: UUID) -> set[str]:
    async with door.database.reading() as connection:
        page = await models.list_models(connection, provider_id=provider_id, limit=1_000_000)
    return {model.model_id for model in page.items}


async def _registered(door: Door, happenings: Subscription, ids: set[UUID]) -> int:
    """How many of these are registered, once the scheduler has done so (bounded)."""
    async with door.database.reading() as connection:
        known = {model.model_id for model in await models.find_models(connection, list(ids))}
        # A model that somebody removed stays removed: nobody will register it again.
        missing = {one for one in ids - known if not await _ever_known(connection, one)}
    added = len(known) + len(missing)
    try:
        async with asyncio.timeout(_REGISTERED_WITHIN_S):
            while missing:
                event = (await happenings.next()).recorded.event
                if isinstance(event, ModelRegistered):
                    missing.discard(event.model.model_id)
    except (TimeoutError, FellBehind):
        pass
    return added - len(missing)


async def _ever_known(connection: AsyncConnection, model_id: UUID) -> bool:
    _, revision = await aggregates.last(connection, f"model.*.{model_id}")
    return revision > 0
