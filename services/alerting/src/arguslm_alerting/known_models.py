"""Reading models as the rules see them: whether they are watched, and how they were last found."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.model import Model
from arguslm_alerting.projections import state_of
from arguslm_alerting.tables import endpoint_states, models, monitoring, providers
from arguslm_contracts.endpoint_state import EndpointState
from arguslm_storage.bulk import rows_among
from arguslm_storage.driver import Row, rows_of

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
_STATES = select(endpoint_states).order_by(endpoint_states.c.location)


async def load_models(connection: AsyncConnection, *model_ids: UUID) -> list[Model]:
    """These models, or all, without their states, by id."""
    global_switch = [row["on_since"] for row in await rows_of(connection, _MONITORING)]
    rows = (
        await rows_among(connection, _MODELS, {models.c.model_id: model_ids})
        if model_ids
        else await rows_of(connection, _MODELS)
    )
    return [_model(row, global_switch) for row in rows]


def _model(row: Row, global_switch: Sequence[datetime | None]) -> Model:
    switches = [row["on_since"], row["provider_on_since"], *global_switch]
    on_since = [since for since in switches if since is not None]
    watch: Literal["on", "off", "retired", "removed", "unknown"]
    if row["removed"] or row["provider_removed"]:
        watch = "removed"
    elif row["display_name"] is None:
        watch = "unknown"
    elif row["retired"]:
        watch = "retired"
    else:
        watch = "on" if len(on_since) == len(switches) else "off"
    return Model(
        model_id=row["model_id"],
        name=row["name"],
        custom_name=row["custom_name"],
        provider_name=row["display_name"] or "",
        watch=watch,
        on_since=max(on_since) if watch == "on" else None,
    )


async def with_states(connection: AsyncConnection, found: Iterable[Model]) -> list[Model]:
    by_id = {model.model_id: model for model in found}
    states: dict[UUID, list[EndpointState]] = {}
    for row in await rows_among(connection, _STATES, {endpoint_states.c.model_id: by_id}):
        states.setdefault(row["model_id"], []).append(state_of(row))
    return [
        replace(model, states=tuple(states.get(model.model_id, ()))) for model in by_id.values()
    ]
