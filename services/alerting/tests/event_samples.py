"""Summaries of which only the state matters."""

from datetime import datetime

from arguslm_contracts.endpoint_state import EndpointState
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import CheckSummarized, Speeds, Standing


def summary_of(last: CheckCompleted, state: EndpointState | None) -> CheckSummarized:
    """An hour that ended with `last`."""
    hour: datetime = last.completed_at.replace(minute=0, second=0, microsecond=0)
    return CheckSummarized(
        model_id=last.model_id,
        location=last.location,
        hour=hour,
        stored_in=hour,
        first_check_id=last.check_id,
        first_completed_at=last.completed_at,
        last_completed_at=last.completed_at,
        checks=1,
        available=1,
        unavailable=0,
        excluded=0,
        usable=1,
        unusable=0,
        outcomes={"ok": 1},
        ttft_ms=Speeds(),
        tokens_per_s=Speeds(),
        total_ms=Speeds(),
        standing=Standing(
            consecutive_failures=0,
            consecutive_successes=1,
            last_check_id=last.check_id,
            last_due_at=last.due_at,
            last_completed_at=last.completed_at,
            last_outcome="ok",
            last_fault_owner="none",
            last_says="answered",
        ),
        endpoint=state,
    )
