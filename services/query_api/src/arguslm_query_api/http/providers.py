"""/api/v1/providers"""

from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from arguslm_contracts.rest.providers import (
    ProviderCatalogResponse,
    ProviderCreate,
    ProviderListResponse,
    ProviderOfferList,
    ProviderRefreshResponse,
    ProviderResponse,
    ProviderSpecResponse,
    ProviderTestResponse,
    ProviderUpdate,
)
from arguslm_llm.catalogue import catalogue
from arguslm_query_api.auth.roles import Operator, Viewer
from arguslm_query_api.commands import connection_tests, discoveries, offers, providers
from arguslm_query_api.door import Door
from arguslm_query_api.http.answers import ACCEPTED, accepted, both_versions, read, with_etag
from arguslm_query_api.http.dependencies import ExpectedRevision, TheAttempt, TheDoor
from arguslm_query_api.reads import providers as provider_reads

router = APIRouter(prefix="/providers", tags=["providers"])


@router.get("", response_model=ProviderListResponse)
async def list_providers(door: TheDoor, who: Viewer) -> Any:
    async with door.database.reading() as connection:
        listed = await provider_reads.list_providers(connection)
    return ProviderListResponse(providers=listed, total=len(listed))


@router.post("", response_model=ProviderResponse, status_code=201, responses=ACCEPTED)
async def create_provider(
    body: ProviderCreate,
    door: TheDoor,
    who: Operator,
    response: Response,
    attempt: TheAttempt,
) -> Any:
    """Add a provider. Its models are discovered at once, unless `discover` is false."""
    shown = await providers.register(door, who, attempt, body)
    return await _answer(door, attempt.id, response, shown=shown)


@router.get("/catalog", response_model=ProviderCatalogResponse)
async def get_provider_catalog(who: Viewer) -> Any:
    """Every provider type, and what each one needs."""
    specs = {
        type_id: ProviderSpecResponse.model_validate(asdict(spec))
        for type_id, spec in catalogue().items()
    }
    tested = sum(spec.tested for spec in specs.values())
    return ProviderCatalogResponse(providers=specs, total=len(specs), tested_count=tested)


@router.get("/offers", response_model=ProviderOfferList)
async def list_offers(door: TheDoor, who: Operator) -> Any:
    """What was found on the server's machine and is not added yet."""
    return ProviderOfferList(offers=await offers.list_offers(door))


@router.post(
    "/offers/{offer_id:path}",
    response_model=ProviderResponse,
    status_code=201,
    responses=ACCEPTED,
)
async def accept_offer(
    offer_id: str, door: TheDoor, who: Operator, response: Response, attempt: TheAttempt
) -> Any:
    """Add what was found."""
    shown = await offers.accept(door, who, attempt, offer_id)
    return await _answer(door, attempt.id, response, shown=shown)


@router.post("/test-connection", response_model=ProviderTestResponse)
async def test_provider_connection(
    body: ProviderCreate, door: TheDoor, who: Operator, attempt: TheAttempt
) -> Any:
    """Ask an endpoint once before it is saved; `credentials.model` names the model to ask."""
    return await connection_tests.test_new(door, attempt, body)


@router.get("/{provider_id}", response_model=ProviderResponse)
async def get_provider(provider_id: UUID, door: TheDoor, who: Viewer, response: Response) -> Any:
    return await _answer(door, provider_id, response, shown=True)


@router.patch("/{provider_id}", response_model=ProviderResponse, responses=ACCEPTED)
async def update_provider(
    provider_id: UUID,
    body: ProviderUpdate,
    door: TheDoor,
    who: Operator,
    response: Response,
    expected_revision: ExpectedRevision,
) -> Any:
    """Change only what is given; `credentials` is merged key by key, null removes a key."""
    async with both_versions(partial(_read, door, provider_id), body):
        shown = await providers.update(door, who, provider_id, body, expected_revision)
    return await _answer(door, provider_id, response, shown=shown)


@router.delete("/{provider_id}", status_code=204)
async def delete_provider(
    provider_id: UUID, door: TheDoor, who: Operator, expected_revision: ExpectedRevision
) -> None:
    """Remove a provider and its models."""
    async with both_versions(partial(_read, door, provider_id)):
        await providers.remove(door, who, provider_id, expected_revision)


@router.post("/{provider_id}/test", response_model=ProviderTestResponse)
async def test_existing_provider(
    provider_id: UUID, door: TheDoor, who: Operator, attempt: TheAttempt
) -> Any:
    """Ask a saved provider once, with the credentials it has."""
    return await connection_tests.test_stored(door, attempt, provider_id)


@router.post("/{provider_id}/refresh-models", response_model=ProviderRefreshResponse)
async def refresh_provider_models(
    provider_id: UUID, door: TheDoor, who: Operator, attempt: TheAttempt
) -> Any:
    """List the provider's models again and add the new ones."""
    return await discoveries.refresh_models(door, attempt, provider_id)


async def _answer(door: Door, provider_id: UUID, response: Response, *, shown: bool) -> Any:
    if not shown:
        return accepted(f"/api/v1/providers/{provider_id}")
    return with_etag(response, await _read(door, provider_id))


async def _read(door: Door, provider_id: UUID) -> ProviderResponse:
    return await read(
        door,
        lambda connection: provider_reads.get_provider(connection, provider_id),
        f"provider {provider_id}",
    )
