"""The other models that a rule on all of a kind looks at together with one of them.

Such a rule may be on thousands, and when they all fail there is no time to read them all at each
check. So those come first that fail least: one that is watched and not down says that not all are.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.known_models import load_models, with_states
from arguslm_alerting.model import KnownRule, Model, OpenAlert, concerns, is_named_in
from arguslm_alerting.tables import endpoint_states, models
from arguslm_contracts.events.registry import Rule
from arguslm_storage.database import in_chunks
from arguslm_storage.driver import rows_of

_FIRST_LOOK = 50
_READ_AT_ONCE = 20
_FAILURES = (
    select(
        endpoint_states.c.model_id,
        func.min(endpoint_states.c.consecutive_failures).label("failures"),
    )
    .group_by(endpoint_states.c.model_id)
    .subquery()
)
_LEAST_FAILING_FIRST = (
    select(models.c.model_id, models.c.name, models.c.custom_name)
    .outerjoin(_FAILURES, _FAILURES.c.model_id == models.c.model_id)
    .where(models.c.model_id != bindparam("checked", type_=Uuid))
    .order_by(
        models.c.on_since.is_(None),
        func.coalesce(_FAILURES.c.failures, 0),
        models.c.model_id,
    )
)
_SOME = _LEAST_FAILING_FIRST.limit(_FIRST_LOOK)


async def enough_siblings(
    connection: AsyncConnection,
    checked: Model,
    known: Sequence[KnownRule],
    open_alerts: Sequence[OpenAlert],
) -> list[Model]:
    """As many, with their states, as settle what a check of a model does to these rules."""
    told = {alert.rule_id for alert in open_alerts if alert.model_id is None}
    asked = [one.rule for one in _everywhere(known) if one.rule.enabled and not one.removed]
    found: list[Model] = []
    if _settled(asked, told, [checked]):
        return found
    for query in (_SOME, _LEAST_FAILING_FIRST):
        rows = await rows_of(connection, query, checked=checked.model_id)
        read = {model.model_id for model in found}
        new = [
            row["model_id"]
            for row in rows
            if row["model_id"] not in read
            and any(is_named_in(rule, row["name"], row["custom_name"]) for rule in asked)
        ]
        for some in in_chunks(new, _READ_AT_ONCE):
            found += await with_states(connection, await load_models(connection, *some))
            if _settled(asked, told, [checked, *found]):
                return found
        if len(rows) < _FIRST_LOOK:
            break
    return found


async def all_siblings(
    connection: AsyncConnection, model_id: UUID, known: Sequence[KnownRule]
) -> list[Model]:
    """All of them, with their states."""
    everywhere = _everywhere(known)
    found = await load_models(connection) if everywhere else []
    alike = [
        model
        for model in found
        if model.model_id != model_id and any(concerns(one.rule, model) for one in everywhere)
    ]
    return await with_states(connection, alike)


def _everywhere(known: Sequence[KnownRule]) -> list[KnownRule]:
    return [one for one in known if one.rule.rule_type == "model_unavailable_everywhere"]


def _settled(rules: Sequence[Rule], told: Collection[UUID], seen: Sequence[Model]) -> bool:
    """Whether the rest would change nothing: each rule has a model that keeps it as it is. An alert
    stays while one is watched; none is raised while one that is watched is not down."""
    return all(
        any(
            model.watch == "on"
            and concerns(rule, model)
            and (rule.rule_id in told or not model.is_down(rule.failures_to_raise))
            for model in seen
        )
        for rule in rules
    )
