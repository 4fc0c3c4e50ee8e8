"""Probes: created, changed, removed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from cronsim import CronSim, CronSimError

from arguslm_contracts.events.probes import Probe, ProbeCreated, ProbeRemoved, ProbeUpdated
from arguslm_contracts.probes import ProbeKind
from arguslm_contracts.rest.probes import ProbeCreate, ProbeUpdate
from arguslm_llm.assertions import check_assertion, check_schema
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.recorder import check_revision
from arguslm_query_api.commands.scope import check_scope
from arguslm_query_api.door import Door
from arguslm_query_api.reads import probes
from arguslm_query_api.refusals import Invalid, Unknown

_Value = TypeVar("_Value")

# Null gives these back to the kind.
_CLEARABLE = ("prompt", "max_tokens", "context_words", "answer_schema")


async def create(door: Door, who: Principal, attempt: Attempt, body: ProbeCreate) -> bool:
    """Create a probe under the attempt's id."""
    if (known := await door.recorder.repeated(attempt, ProbeCreated)) is not None:
        return await door.recorder.shows(known)
    if body.kind is ProbeKind.LIVENESS:
        raise Invalid("liveness is what monitoring asks; choose another kind", field="kind")
    await check_scope(door, body.provider_id, body.model_id)
    now = datetime.now(UTC)
    fields = body.model_dump(exclude={"assertions"})
    probe = Probe(probe_id=attempt.id, created_at=now, assertions=tuple(body.assertions), **fields)
    _check(probe)
    event = ProbeCreated(revision=1, actor=who.name, at=now, probe=probe)
    return await door.recorder.record_new(event, attempt)


async def update(
    door: Door,
    who: Principal,
    probe_id: UUID,
    body: ProbeUpdate,
    expected_revision: int | None,
) -> bool:
    """Change what is given."""
    probe, revision, sequence = await _stored(door, probe_id)
    check_revision(expected_revision, revision)
    changes = _changes(body)
    changed = tuple(name for name, value in changes.items() if getattr(probe, name) != value)
    if not changed:
        return True
    after = probe.model_copy(update=changes)
    _check(after)
    event = ProbeUpdated(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), probe=after, changed=changed
    )
    return await door.recorder.record(event, expected_sequence=sequence)


async def remove(door: Door, who: Principal, probe_id: UUID, expected_revision: int | None) -> None:
    """Ask it no more; its checks stay."""
    _, revision, sequence = await _stored(door, probe_id)
    check_revision(expected_revision, revision)
    event = ProbeRemoved(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), probe_id=probe_id
    )
    await door.recorder.record(event, expected_sequence=sequence)


async def _stored(door: Door, probe_id: UUID) -> tuple[Probe, int, int]:
    async with door.database.reading() as connection:
        found = await probes.stored_probe(connection, probe_id)
    if found is None:
        raise Unknown(f"there is no probe {probe_id}")
    return found


def _changes(body: ProbeUpdate) -> dict[str, Any]:
    changes = {
        name: getattr(body, name)
        for name in body.model_fields_set
        if name in _CLEARABLE or getattr(body, name) is not None
    }
    if "assertions" in changes:
        changes["assertions"] = tuple(changes["assertions"])
    if "interval_s" in changes and "cron" in changes:
        raise Invalid("an interval or a cron expression, not both", field="cron")
    if "interval_s" in changes:
        changes["cron"] = None
    if "cron" in changes and changes["cron"] is not None:
        changes["interval_s"] = None
    return changes


def _check(probe: Probe) -> None:
    """Whether it can be asked as it is. Raises Invalid."""
    if (probe.interval_s is None) == (probe.cron is None):
        raise Invalid("give interval_s or cron, one of the two", field="interval_s")
    if probe.cron is not None:
        _check_cron(probe.cron)
    if probe.answer_schema is not None:
        if probe.kind is not ProbeKind.JSON_SCHEMA:
            raise Invalid(f"{probe.kind} takes no answer_schema", field="answer_schema")
        _checked("answer_schema", check_schema, probe.answer_schema)
    if probe.context_words is not None and probe.kind is not ProbeKind.LONG_CONTEXT:
        raise Invalid(f"{probe.kind} takes no context_words", field="context_words")
    if probe.prompt is not None and probe.kind is ProbeKind.LONG_CONTEXT:
        raise Invalid("long_context makes its own prompt", field="prompt")
    for number, assertion in enumerate(probe.assertions):
        _checked(f"assertions.{number}", check_assertion, assertion)


def _checked(field: str, check: Callable[[_Value], None], value: _Value) -> None:
    try:
        check(value)
    except ValueError as error:
        raise Invalid(str(error), field=field) from None


def _check_cron(cron: str) -> None:
    """Five fields, which are ever due. Cronsim would take seconds in a sixth."""
    if len(cron.split()) != 5:
        raise Invalid(
            "a cron expression has five fields: minute hour day month weekday, such as "
            "'*/15 * * * *'",
            field="cron",
        )
    try:
        next(CronSim(cron, datetime.now(UTC)))
    except CronSimError as error:
        raise Invalid(f"not a cron expression: {error} in {cron!r}", field="cron") from None
    except StopIteration:
        raise Invalid(f"{cron!r} is never due", field="cron") from None
