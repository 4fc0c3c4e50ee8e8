"""Reading models as the rules see them: whether they are watched, and how they were last found."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.model import Model
from arguslm_alerting.projections import state_of
from arguslm_alerting.tables import endpoint_states, models, monitoring, providers
from arguslm_contracts.endpoint_state import EndpointState
from arguslm_storage.database import in_chunks

_MODELS = (
    select(
        models,
        providers.c.display_name,
        providers.c.on_since.label("provider_on_since"),
        providers.c.removed.label("provider_removed"),
    )
    .outerjoin(providers, providers.c.provider_id == models.c.provider_id)
    .order_by(models.c.model_id)
)
_MONITORING = select(monitoring)


async def load_models(connection: AsyncConnection, *model_ids: UUID) -> list[Model]:
    """These models, or all, without their states, by id."""
    query = _MODELS if not model_ids else _MODELS.where(models.c.model_id.in_(model_ids))
    switch = (await connection.execute(_MONITORING)).first()
    rows = await connection.execute(query)
    return [_model(row, [] if switch is None else [switch.on_since]) for row in rows]


def _model(row: Any, global_switch: Sequence[datetime | None]) -> Model:
    switches = [row.on_since, row.provider_on_since, *global_switch]
    on_since = [since for since in switches if since is not None]
    watch: Literal["on", "off", "retired", "removed", "unknown"]
    if row.removed or row.provider_removed:
        watch = "removed"
    elif row.display_name is None:
        watch = "unknown"
    elif row.retired:
        watch = "retired"
    else:
        watch = "on" if len(on_since) == len(switches) else "off"
    return Model(
        model_id=row.model_id,
        name=row.name,
        custom_name=row.custom_name,
        provider_name=row.display_name or "",
        watch=watch,
        on_since=max(on_since) if watch == "on" else None,
    )


async def with_states(connection: AsyncConnection, found: Iterable[Model]) -> list[Model]:
    by_id = {model.model_id: model for model in found}
    states: dict[UUID, list[EndpointState]] = {}
    for chunk in in_chunks(list(by_id)):
        rows = await connection.execute(
            select(endpoint_states)
            .where(endpoint_states.c.model_id.in_(chunk))
            .order_by(endpoint_states.c.location)
        )
        for row in rows.mappings():
            states.setdefault(row["model_id"], []).append(state_of(row))
    return [
        replace(model, states=tuple(states.get(model.model_id, ()))) for model in by_id.values()
    ]
