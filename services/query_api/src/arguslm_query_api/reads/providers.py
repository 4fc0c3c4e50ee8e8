"""Providers, with how many models they have and how their last discovery went."""

from uuid import UUID

from sqlalchemy import Integer, RowMapping, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.registry import Provider
from arguslm_contracts.rest.providers import ProviderDiscovery, ProviderResponse
from arguslm_query_api import tables
from arguslm_query_api.reads.models import WATCHED
from arguslm_query_api.reads.stored import Stored, stored

_PROVIDERS, _MODELS, _DISCOVERIES = tables.providers, tables.models, tables.discoveries


async def list_providers(connection: AsyncConnection) -> list[ProviderResponse]:
    query = _query().order_by(func.lower(_PROVIDERS.c.display_name), _PROVIDERS.c.provider_id)
    return [_response(row) for row in (await connection.execute(query)).mappings()]


async def get_provider(connection: AsyncConnection, provider_id: UUID) -> ProviderResponse | None:
    query = _query().where(_PROVIDERS.c.provider_id == provider_id)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else _response(row)


async def stored_provider(
    connection: AsyncConnection, provider_id: UUID
) -> Stored[Provider] | None:
    return await stored(connection, _PROVIDERS, Provider, provider_id)


def _query() -> Select[tuple[object, ...]]:
    counted = (
        select(
            _MODELS.c.provider_id,
            func.count().label("model_count"),
            func.sum(WATCHED.cast(Integer)).label("monitored_count"),
        )
        .group_by(_MODELS.c.provider_id)
        .subquery()
    )
    return (
        select(
            _PROVIDERS,
            counted.c.model_count,
            counted.c.monitored_count,
            _DISCOVERIES.c.completed_at.label("discovered_at"),
            _DISCOVERIES.c.outcome,
            _DISCOVERIES.c.message,
            _DISCOVERIES.c.models_found,
        )
        .outerjoin(counted, counted.c.provider_id == _PROVIDERS.c.provider_id)
        .outerjoin(_DISCOVERIES, _DISCOVERIES.c.provider_id == _PROVIDERS.c.provider_id)
    )


def _response(row: RowMapping) -> ProviderResponse:
    return ProviderResponse(
        id=row["provider_id"],
        provider_type=row["provider_type"],
        display_name=row["display_name"],
        enabled=row["enabled"],
        base_url=row["base_url"],
        region=row["settings"].get("region"),
        settings=row["settings"],
        has_credentials=row["credentials"] is not None,
        monitor_discovered=row["monitor_discovered"],
        requests_per_minute=row["requests_per_minute"],
        max_concurrent=row["max_concurrent"],
        model_count=row["model_count"] or 0,
        monitored_count=row["monitored_count"] or 0,
        discovery=_discovery(row),
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _discovery(row: RowMapping) -> ProviderDiscovery | None:
    if row["discovered_at"] is None:
        return None
    return ProviderDiscovery(
        at=row["discovered_at"],
        outcome=row["outcome"],
        message=row["message"],
        models_found=row["models_found"],
    )
