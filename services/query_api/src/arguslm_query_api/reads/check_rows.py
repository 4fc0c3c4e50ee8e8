"""Checks joined to their models: what every read of history starts from.

A removed model's checks no longer join, so they are no longer shown.
"""

from sqlalchemy import ColumnElement, RowMapping, and_, or_, select

from arguslm_contracts.outcomes import VERDICTS, Outcome
from arguslm_query_api import tables
from arguslm_query_api.model import CheckStatus
from arguslm_query_api.reads.models import DISPLAY_NAME, OF_PROVIDER

CHECKS, _MODELS, _PROVIDERS = tables.checks, tables.models, tables.providers

NEWEST_FIRST = (CHECKS.c.completed_at.desc(), CHECKS.c.check_id.desc())


CHECKS_WITH_MODELS = (
    select(
        CHECKS,
        _MODELS.c.name.label("model"),
        DISPLAY_NAME.label("model_name"),
        _PROVIDERS.c.provider_id,
        _PROVIDERS.c.display_name.label("provider_name"),
        _PROVIDERS.c.provider_type,
    )
    .join(_MODELS, _MODELS.c.model_id == CHECKS.c.model_id)
    .join(_PROVIDERS, OF_PROVIDER)
)


def has_status(status: CheckStatus) -> ColumnElement[bool]:
    """The same as `model.check_status`, asked of the database."""
    available, usable = CHECKS.c.available, CHECKS.c.usable
    not_down = or_(available.is_(None), available.is_(True))
    conditions: dict[CheckStatus, ColumnElement[bool]] = {
        "down": available.is_(False),
        "degraded": and_(not_down, usable.is_(False)),
        "up": and_(available.is_(True), usable.is_(True)),
        "unknown": and_(available.is_(None), usable.is_(None)),
    }
    return conditions[status]


def error_of(row: RowMapping) -> str | None:
    """Why a check or a sample failed: the provider's own words, else ours; None of a good one."""
    verdict = VERDICTS[Outcome(row["outcome"])]
    if verdict.usable:
        return None
    message: str | None = row["measurement"].get("evidence", {}).get("message")
    return message or verdict.says
