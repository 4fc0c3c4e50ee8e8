"""Models: added by hand, renamed, switched, removed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from arguslm_contracts.events.registry import Model, ModelRegistered, ModelRemoved, ModelUpdated
from arguslm_contracts.identity import model_uuid
from arguslm_contracts.measurement import Price
from arguslm_contracts.rest.models import ModelCreate, ModelUpdate
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.recorder import check_revision
from arguslm_query_api.door import Door
from arguslm_query_api.reads import aggregates, models, providers
from arguslm_query_api.refusals import Invalid, Taken, Unknown

_STORED_NAMES = {
    "custom_name": "custom_name",
    "enabled_for_monitoring": "monitored",
    "enabled_for_benchmark": "benchmarkable",
    "interval_s": "interval_s",
    "price": "price",
}
_CLEARABLE = frozenset({"custom_name", "interval_s", "price"})


async def register(
    door: Door, who: Principal, attempt: Attempt, body: ModelCreate
) -> tuple[UUID, bool]:
    """Add a model by hand; its id, which follows from provider and name, and whether the tables
    show it."""
    model_id = model_uuid(body.provider_account_id, body.model_id)
    before = await door.recorder.repeated(attempt, ModelRegistered, model_id)
    if before is not None:
        return model_id, await door.recorder.shows(before)
    async with door.database.reading() as connection:
        provider = await providers.stored_provider(connection, body.provider_account_id)
        known = await models.stored_model(connection, model_id)
        sequence, revision = await aggregates.last(connection, f"model.*.{model_id}")
    if provider is None:
        raise Invalid(
            f"there is no provider {body.provider_account_id}", field="provider_account_id"
        )
    if known is not None:
        raise Taken(f"{provider[0].display_name} has a model {body.model_id!r} already")
    now = datetime.now(UTC)
    model = Model(
        model_id=model_id,
        provider_id=body.provider_account_id,
        name=body.model_id,
        custom_name=body.custom_name or None,
        source="manual",
        monitored=body.enabled_for_monitoring,
        benchmarkable=body.enabled_for_benchmark,
        interval_s=body.interval_s,
        metadata=body.metadata or {},
        created_at=now,
    )
    # A model that was removed and is added again goes on counting its revisions.
    event = ModelRegistered(revision=revision + 1, actor=who.name, at=now, model=model)
    shown = await door.recorder.record(event, expected_sequence=sequence, attempt=attempt)
    return model_id, shown


async def update(
    door: Door,
    who: Principal,
    model_id: UUID,
    body: ModelUpdate,
    expected_revision: int | None,
) -> bool:
    """Change what is given; null clears the name, the interval and the price."""
    model, revision, sequence = await stored(door, model_id)
    check_revision(expected_revision, revision)
    changes: dict[str, Any] = {
        _STORED_NAMES[name]: value or None if name == "custom_name" else value
        for name, value in body.model_dump(exclude_unset=True).items()
        if value is not None or name in _CLEARABLE
    }
    if body.price is not None:
        changes["price"] = Price.model_validate(changes["price"])
    if body.enabled_for_monitoring and model.retired_at is not None:
        # A person vouches for it from now on: no list retires it again.
        changes |= {"retired_at": None, "source": "manual"}
    changed = tuple(name for name, value in changes.items() if getattr(model, name) != value)
    if not changed:
        return True
    event = ModelUpdated(
        revision=revision + 1,
        actor=who.name,
        at=datetime.now(UTC),
        model=model.model_copy(update=changes),
        changed=changed,
    )
    return await door.recorder.record(event, expected_sequence=sequence)


async def remove(door: Door, who: Principal, model_id: UUID, expected_revision: int | None) -> None:
    _, revision, sequence = await stored(door, model_id)
    check_revision(expected_revision, revision)
    event = ModelRemoved(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), model_id=model_id
    )
    await door.recorder.record(event, expected_sequence=sequence)


async def stored(door: Door, model_id: UUID) -> tuple[Model, int, int]:
    """Model, revision and last sequence.

    Raises:
        Unknown: there is no such model.
    """
    async with door.database.reading() as connection:
        found = await models.stored_model(connection, model_id)
    if found is None:
        raise Unknown(f"there is no model {model_id}")
    return found
