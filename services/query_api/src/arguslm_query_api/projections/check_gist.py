"""A completed check as the folds of CHECKS take it: its row, and the little that it adds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from arguslm_bus.tables import Gist
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.outcomes import VERDICTS
from arguslm_contracts.probes import worst_level
from arguslm_query_api.model import Sighting
from arguslm_query_api.projections.storable import json_of
from arguslm_query_api.rollup import Tally

Endpoint = tuple[UUID, str]
"""A model as one location sees it."""


@dataclass(slots=True)
class CheckGist(Gist):
    """`sighting` is None of a check that says nothing of its endpoint's state."""

    row: dict[str, Any]
    sighting: Sighting | None
    tally: Tally

    @property
    def sequence(self) -> int:
        return int(self.row["sequence"])

    @property
    def check_id(self) -> UUID:
        check_id: UUID = self.row["check_id"]
        return check_id

    @property
    def endpoint(self) -> Endpoint:
        return self.row["model_id"], self.row["location"]

    @property
    def completed_at(self) -> datetime:
        completed_at: datetime = self.row["completed_at"]
        return completed_at


def check_gist(one: Recorded) -> Recorded | CheckGist:
    """Of a check; anything else stays as it is, connection tests too."""
    check = one.event
    if not isinstance(check, CheckCompleted) or check.purpose == "connection_test":
        return one
    return CheckGist(
        _row(one.sequence, check),
        Sighting.of(check) if check.counts else None,
        Tally.of(check.measurement, counts=check.counts),
    )


def _row(sequence: int, check: CheckCompleted) -> dict[str, Any]:
    measured = check.measurement
    verdict = VERDICTS[measured.outcome]
    return {
        "check_id": check.check_id,
        "model_id": check.model_id,
        "location": check.location,
        "purpose": check.purpose,
        "kind": check.kind.value,
        "probe_id": check.probe_id,
        "worst_finding": worst_level(measured.findings),
        "run_id": check.run_id,
        "due_at": check.due_at,
        "started_at": check.started_at,
        "completed_at": check.completed_at,
        "outcome": measured.outcome.value,
        "available": verdict.available,
        "usable": verdict.usable,
        "ttft_ms": measured.timing.first_token_ms,
        "tokens_per_s": measured.tokens_per_s,
        "total_ms": measured.timing.total_ms,
        "output_tokens": measured.usage.output_tokens,
        "trustworthy": measured.audit.trustworthy,
        "sequence": sequence,
        "measurement": json_of(measured),
    }
