"""Alert rules: created, changed, removed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from arguslm_contracts.events.registry import Rule, RuleCreated, RuleRemoved, RuleUpdated
from arguslm_contracts.rest.alerts import AlertRuleCreate, AlertRuleUpdate
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.recorder import check_revision
from arguslm_query_api.door import Door
from arguslm_query_api.reads import alerts, budgets, models, probes
from arguslm_query_api.refusals import Invalid, Unknown

_MOST_OF_A_PROBE = 10


async def create(door: Door, who: Principal, attempt: Attempt, body: AlertRuleCreate) -> bool:
    """Create a rule under the attempt's id."""
    if (known := await door.recorder.repeated(attempt, RuleCreated)) is not None:
        return await door.recorder.shows(known)
    await _check_target(door, body)
    await _check_threshold(door, body)
    await _check_probe(door, body)
    await _check_channels(door, body.channel_ids)
    now = datetime.now(UTC)
    fields = body.model_dump(exclude={"channel_ids"})
    rule = Rule(rule_id=attempt.id, created_at=now, channel_ids=tuple(body.channel_ids), **fields)
    event = RuleCreated(revision=1, actor=who.name, at=now, rule=rule)
    return await door.recorder.record_new(event, attempt)


async def update(
    door: Door,
    who: Principal,
    rule_id: UUID,
    body: AlertRuleUpdate,
    expected_revision: int | None,
) -> bool:
    """Change what is given; `channel_ids` is replaced as a whole."""
    rule, revision, sequence = await _stored(door, rule_id)
    check_revision(expected_revision, revision)
    changes = body.model_dump(exclude_none=True)
    if "threshold_percent" in changes and rule.rule_type != "budget_used":
        raise Invalid(f"{rule.rule_type} takes no threshold_percent", field="threshold_percent")
    after = rule.model_copy(update=changes)
    _check_runs(rule.rule_type, after.failures_to_raise, after.successes_to_resolve)
    if "channel_ids" in changes:
        await _check_channels(door, changes["channel_ids"])
        changes["channel_ids"] = tuple(changes["channel_ids"])
    changed = tuple(name for name, value in changes.items() if getattr(rule, name) != value)
    if not changed:
        return True
    event = RuleUpdated(
        revision=revision + 1,
        actor=who.name,
        at=datetime.now(UTC),
        rule=rule.model_copy(update=changes),
        changed=changed,
    )
    return await door.recorder.record(event, expected_sequence=sequence)


async def remove(door: Door, who: Principal, rule_id: UUID, expected_revision: int | None) -> None:
    """Remove a rule; alerting resolves what it had raised."""
    _, revision, sequence = await _stored(door, rule_id)
    check_revision(expected_revision, revision)
    event = RuleRemoved(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), rule_id=rule_id
    )
    await door.recorder.record(event, expected_sequence=sequence)


async def _stored(door: Door, rule_id: UUID) -> tuple[Rule, int, int]:
    async with door.database.reading() as connection:
        found = await alerts.stored_rule(connection, rule_id)
    if found is None:
        raise Unknown(f"there is no rule {rule_id}")
    return found


async def _check_target(door: Door, body: AlertRuleCreate) -> None:
    """Each type of rule needs its own target, and no other."""
    takes_id = body.rule_type == "specific_model_down"
    takes_name = body.rule_type == "model_unavailable_everywhere"
    if takes_id and body.target_model_id is None:
        raise Invalid("specific_model_down needs a target_model_id", field="target_model_id")
    if takes_name and not body.target_model_name:
        raise Invalid(
            "model_unavailable_everywhere needs a target_model_name", field="target_model_name"
        )
    if body.target_model_id is not None and not takes_id:
        raise Invalid(f"{body.rule_type} takes no target_model_id", field="target_model_id")
    if body.target_model_name and not takes_name:
        raise Invalid(f"{body.rule_type} takes no target_model_name", field="target_model_name")
    if body.target_model_id is not None:
        async with door.database.reading() as connection:
            found = await models.find_models(connection, [body.target_model_id])
        if not found:
            raise Invalid(f"there is no model {body.target_model_id}", field="target_model_id")


async def _check_threshold(door: Door, body: AlertRuleCreate) -> None:
    """A rule on a budget needs a threshold; the others have neither."""
    if body.rule_type == "budget_used":
        if body.threshold_percent is None:
            raise Invalid("budget_used needs a threshold_percent", field="threshold_percent")
    elif body.threshold_percent is not None or body.target_budget_id is not None:
        raise Invalid(f"{body.rule_type} takes no budget", field="threshold_percent")
    if body.target_budget_id is not None:
        async with door.database.reading() as connection:
            found = await budgets.stored_budget(connection, body.target_budget_id)
        if found is None:
            raise Invalid(f"there is no budget {body.target_budget_id}", field="target_budget_id")


async def _check_probe(door: Door, body: AlertRuleCreate) -> None:
    """A rule on probes looks at no more than the last checks that are remembered."""
    if body.rule_type == "probe_failed":
        _check_runs(body.rule_type, body.failures_to_raise, body.successes_to_resolve)
    elif body.target_probe_id is not None:
        raise Invalid(f"{body.rule_type} takes no target_probe_id", field="target_probe_id")
    if body.target_probe_id is not None:
        async with door.database.reading() as connection:
            found = await probes.stored_probe(connection, body.target_probe_id)
        if found is None:
            raise Invalid(f"there is no probe {body.target_probe_id}", field="target_probe_id")


def _check_runs(rule_type: str, failures: int, successes: int) -> None:
    named = {"failures_to_raise": failures, "successes_to_resolve": successes}
    for field, times in named.items():
        if rule_type == "probe_failed" and times > _MOST_OF_A_PROBE:
            raise Invalid(f"probe_failed takes {_MOST_OF_A_PROBE} at most", field=field)


async def _check_channels(door: Door, channel_ids: Sequence[UUID]) -> None:
    async with door.database.reading() as connection:
        for channel_id in channel_ids:
            if await alerts.stored_channel(connection, channel_id) is None:
                raise Invalid(f"there is no channel {channel_id}", field="channel_ids")
