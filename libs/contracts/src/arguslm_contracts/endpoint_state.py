"""What one location last saw of one model: a pure function over its completed checks.

Alerting judges by it, and the summary of an hour carries it, so that it outlives the checks.
"""

from datetime import datetime
from uuid import UUID

from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.outcomes import VERDICTS, FaultOwner, Outcome
from arguslm_contracts.record import Record


class EndpointState(Record):
    """The last check that said something, and the run of equal answers that it belongs to. One of
    the two counts is always 0; `since` is the completion of the first check of the run."""

    model_id: UUID
    location: str
    consecutive_failures: int
    consecutive_successes: int
    since: datetime
    outcome: Outcome
    fault_owner: FaultOwner
    due_at: datetime
    check_id: UUID
    completed_at: datetime

    @property
    def run(self) -> int:
        """Checks in the current run."""
        return self.consecutive_failures or self.consecutive_successes

    def is_older_than(self, other: "EndpointState") -> bool:
        """By due time: the order in which checks count, whenever their answers come."""
        return (self.due_at, self.check_id) < (other.due_at, other.check_id)


def evolve(state: EndpointState | None, check: CheckCompleted) -> EndpointState | None:
    """The state after a completion. Unchanged by connection tests, by kinds of probes other than
    liveness, by outcomes that say nothing about the endpoint, and by whatever is not newer (in due
    time) than what is known."""
    verdict = VERDICTS[check.measurement.outcome]
    if not check.counts or verdict.available is None:
        return state
    if state is not None and (check.due_at, check.check_id) <= (state.due_at, state.check_id):
        return state
    goes_on = state is not None and (state.consecutive_failures == 0) is verdict.available
    run = state.run + 1 if state is not None and goes_on else 1
    return EndpointState(
        model_id=check.model_id,
        location=check.location,
        consecutive_failures=0 if verdict.available else run,
        consecutive_successes=run if verdict.available else 0,
        since=state.since if state is not None and goes_on else check.completed_at,
        outcome=check.measurement.outcome,
        fault_owner=check.measurement.fault_owner,
        due_at=check.due_at,
        check_id=check.check_id,
        completed_at=check.completed_at,
    )
