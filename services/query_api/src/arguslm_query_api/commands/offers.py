"""What was found on this machine and is not added yet; adding it with one request."""

import os
from dataclasses import dataclass

from arguslm_contracts.events.registry import ProviderRegistered
from arguslm_contracts.rest.providers import ProviderCreate, ProviderOffer
from arguslm_llm.offers import (
    Offer,
    credentials_for,
    offers_in_environment,
    offers_on_this_machine,
)
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands import providers as provider_commands
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.door import Door
from arguslm_query_api.reads import providers
from arguslm_query_api.refusals import Unknown


@dataclass(frozen=True, slots=True)
class _Added:
    types: frozenset[str]
    base_urls: frozenset[str]

    def has(self, offer: Offer) -> bool:
        if offer.base_url is not None:
            return offer.base_url in self.base_urls
        return offer.provider_type in self.types


async def list_offers(door: Door) -> list[ProviderOffer]:
    """What could be added at once."""
    found = [*offers_in_environment(os.environ), *await offers_on_this_machine()]
    added = await _added(door)
    return [
        ProviderOffer(
            id=offer.id,
            provider_type=offer.provider_type,
            display_name=offer.display_name,
            found=offer.found,
            base_url=offer.base_url,
        )
        for offer in found
        if not added.has(offer)
    ]


async def accept(door: Door, who: Principal, attempt: Attempt, offer_id: str) -> bool:
    """Add what was found; its key goes from the environment into the vault."""
    if (known := await door.recorder.repeated(attempt, ProviderRegistered)) is not None:
        return await door.recorder.shows(known)
    offers = {offer.id: offer for offer in await list_offers(door)}
    if offer_id not in offers:
        raise Unknown(f"nothing found on this machine is called {offer_id[:200]!r}")
    offer = offers[offer_id]
    body = ProviderCreate(
        provider_type=offer.provider_type,
        display_name=offer.display_name,
        credentials=credentials_for(offer_id, os.environ),
    )
    return await provider_commands.register(door, who, attempt, body)


async def _added(door: Door) -> _Added:
    async with door.database.reading() as connection:
        listed = await providers.list_providers(connection)
    return _Added(
        frozenset(provider.provider_type for provider in listed),
        frozenset(provider.base_url.rstrip("/") for provider in listed if provider.base_url),
    )
