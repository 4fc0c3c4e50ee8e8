"""What the decisions read: the roster, set by set."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.registry import Model, MonitoringConfig
from arguslm_scheduler.model import Asked, Row, Watched, target_of
from arguslm_scheduler.tables import models, monitoring, providers, reply_lengths
from arguslm_storage.bulk import rows_among
from arguslm_storage.driver import rows_of

# What is asked at every tick is a constant: to build a statement takes longer than to run it.
_WATCHED = models.c.watched & providers.c.enabled
_MONITORING = select(monitoring)
_PROVIDER = select(providers).where(providers.c.provider_id == bindparam("of_provider"))
_MODEL = select(models).where(models.c.model_id == bindparam("of_model"))
_MODELS_OF = (
    select(models).where(models.c.provider_id == bindparam("of_provider")).order_by(models.c.name)
)
_LISTED_PROVIDERS = (
    select(providers.c.provider_id)
    .where(providers.c.enabled & providers.c.lists_models)
    .order_by(providers.c.provider_id)
)
_INTERVALS = (
    select(
        models.c.model_id,
        models.c.interval_s,
        providers.c.provider_id,
        providers.c.requests_per_minute,
    )
    .join(providers, providers.c.provider_id == models.c.provider_id)
    .where(_WATCHED)
)
_ASKED = (
    select(
        models.c.model_id,
        models.c.interval_s,
        models.c.name,
        models.c.state,
        reply_lengths.c.longest_tokens,
        providers,
    )
    .join(providers, providers.c.provider_id == models.c.provider_id)
    .outerjoin(reply_lengths, reply_lengths.c.model_id == models.c.model_id)
    .order_by(models.c.model_id)
)
_ASKED_WATCHED = _ASKED.where(_WATCHED)
_ASKABLE = _ASKED.where(providers.c.enabled)


async def monitoring_row(connection: AsyncConnection) -> Row | None:
    """How monitoring was last configured; None when it never was."""
    return _one(await rows_of(connection, _MONITORING))


def config_of(row: Row | None) -> MonitoringConfig:
    """The configuration in force."""
    return MonitoringConfig() if row is None else MonitoringConfig.model_validate(dict(row))


async def provider_row(connection: AsyncConnection, provider_id: UUID) -> Row | None:
    return _one(await rows_of(connection, _PROVIDER, of_provider=provider_id))


async def listed_providers(connection: AsyncConnection) -> list[UUID]:
    """The providers whose models are listed regularly."""
    return [row["provider_id"] for row in await rows_of(connection, _LISTED_PROVIDERS)]


async def model_row(connection: AsyncConnection, model_id: UUID) -> Row | None:
    return _one(await rows_of(connection, _MODEL, of_model=model_id))


def _one(rows: Sequence[Row]) -> Row | None:
    """A key finds one at most."""
    return rows[0] if rows else None


async def models_of(connection: AsyncConnection, provider_id: UUID) -> Sequence[Row]:
    """A provider's models, by name."""
    return await rows_of(connection, _MODELS_OF, of_provider=provider_id)


async def all_watched(connection: AsyncConnection, config: MonitoringConfig) -> list[Watched]:
    """Every model to be watched, by what its slots are shared with."""
    found: dict[UUID | None, Watched] = {}
    for row in await rows_of(connection, _INTERVALS):
        limit = row["requests_per_minute"]
        watched = found.setdefault(row["provider_id"] if limit else None, Watched(limit))
        watched.intervals_s[row["model_id"]] = row["interval_s"] or config.interval_s
        watched.providers[row["model_id"]] = row["provider_id"]
    return list(found.values())


async def watched(
    connection: AsyncConnection, config: MonitoringConfig, *, provider_id: UUID | None = None
) -> list[Asked]:
    """The models to be watched, of one provider or of all."""
    keys = {} if provider_id is None else {models.c.provider_id: [provider_id]}
    return _asked(await rows_among(connection, _ASKED_WATCHED, keys), config)


async def askable(
    connection: AsyncConnection, config: MonitoringConfig, model_ids: Collection[UUID]
) -> list[Asked]:
    """Those of the models that are known, watched or not. A disabled provider is never asked."""
    return _asked(await rows_among(connection, _ASKABLE, {models.c.model_id: model_ids}), config)


def _asked(rows: Iterable[Mapping[Any, Any]], config: MonitoringConfig) -> list[Asked]:
    return [
        Asked(
            model_id=row["model_id"],
            interval_s=row["interval_s"] or config.interval_s,
            target=target_of(dict(row), row["name"], Model.model_validate(row["state"]).told_price),
            paced=row["requests_per_minute"] > 0,
            longest_reply_tokens=row["longest_tokens"],
        )
        for row in rows
    ]
