"""Models: always by id, shown under the name a person gave them or the provider's own."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.registry import Model
from arguslm_contracts.rest.models import ModelListResponse, ModelResponse
from arguslm_query_api import tables
from arguslm_query_api.reads.stored import Stored, stored
from arguslm_storage.database import in_chunks

_MODELS, _PROVIDERS = tables.models, tables.providers

DISPLAY_NAME = func.coalesce(_MODELS.c.custom_name, _MODELS.c.name)
WATCHED = _MODELS.c.monitored & _MODELS.c.retired_at.is_(None)
OF_PROVIDER = _PROVIDERS.c.provider_id == _MODELS.c.provider_id


async def list_models(
    connection: AsyncConnection,
    *,
    provider_id: UUID | None = None,
    enabled_for_monitoring: bool | None = None,
    enabled_for_benchmark: bool | None = None,
    retired: bool | None = None,
    search: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> ModelListResponse:
    """One page, by provider and name. `search` is looked for in both names, in any case."""
    query = _query()
    if provider_id is not None:
        query = query.where(_MODELS.c.provider_id == provider_id)
    if enabled_for_monitoring is not None:
        query = query.where(_MODELS.c.monitored == enabled_for_monitoring)
    if enabled_for_benchmark is not None:
        query = query.where(_MODELS.c.benchmarkable == enabled_for_benchmark)
    if retired is not None:
        query = query.where(_MODELS.c.retired_at.is_not(None) == retired)
    if search:
        names = (func.lower(_MODELS.c.name), func.lower(_MODELS.c.custom_name))
        query = query.where(
            or_(*(name.contains(search.lower(), autoescape=True) for name in names))
        )
    total = await connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = (
        query.order_by(
            func.lower(_PROVIDERS.c.display_name), func.lower(DISPLAY_NAME), _MODELS.c.model_id
        )
        .limit(limit)
        .offset(offset)
    )
    items = [_response(row) for row in (await connection.execute(page)).mappings()]
    return ModelListResponse(
        items=items,
        total=total,
        has_more=offset + len(items) < total,
        limit=limit,
        offset=offset,
    )


async def get_model(connection: AsyncConnection, model_id: UUID) -> ModelResponse | None:
    query = _query().where(_MODELS.c.model_id == model_id)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else _response(row)


async def stored_model(connection: AsyncConnection, model_id: UUID) -> Stored[Model] | None:
    return await stored(connection, _MODELS, Model, model_id)


async def find_models(connection: AsyncConnection, model_ids: Sequence[UUID]) -> list[Model]:
    """Those of the asked models that exist, in the asked order."""
    found: dict[UUID, Model] = {}
    for some in in_chunks(model_ids):
        query = select(_MODELS).where(_MODELS.c.model_id.in_(some))
        for row in (await connection.execute(query)).mappings():
            found[row["model_id"]] = Model.model_validate(dict(row))
    return [found[model_id] for model_id in dict.fromkeys(model_ids) if model_id in found]


def _query() -> Select[tuple[object, ...]]:
    return select(
        _MODELS,
        _PROVIDERS.c.display_name.label("provider_name"),
        _PROVIDERS.c.provider_type,
    ).join(_PROVIDERS, OF_PROVIDER)


def _response(row: RowMapping) -> ModelResponse:
    return ModelResponse(
        id=row["model_id"],
        provider_account_id=row["provider_id"],
        provider_name=row["provider_name"],
        provider_type=row["provider_type"],
        model_id=row["name"],
        custom_name=row["custom_name"],
        source=row["source"],
        enabled_for_monitoring=row["monitored"],
        enabled_for_benchmark=row["benchmarkable"],
        interval_s=row["interval_s"],
        model_metadata=row["metadata"],
        facts=row["facts"],
        price=row["price"],
        retired_at=row["retired_at"],
        revision=row["revision"],
        created_at=row["created_at"],
    )
