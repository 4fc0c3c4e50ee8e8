"""REGISTRY: what else is asked of models, beside whether they live, and when."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field, field_validator

from arguslm_contracts.events.registry import RegistryEvent
from arguslm_contracts.probes import Assertion, Level, ProbeKind
from arguslm_contracts.scope import Scope


class Probe(Scope):
    """A kind of question for the watched models of a scope, each `interval_s` or at the times of a
    `cron` expression in UTC. Of `prompt`, `max_tokens` and `answer_schema`, what is not given is
    the kind's own; `context_words` (long_context) is how much stands around the needle."""

    probe_id: UUID
    name: str
    kind: ProbeKind
    interval_s: int | None = Field(default=None, ge=10)
    cron: str | None = None
    prompt: str | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    context_words: int | None = Field(default=None, ge=1)
    answer_schema: dict[str, object] | None = None
    assertions: tuple[Assertion, ...] = ()
    finding_level: Level = "fail"
    enabled: bool = True
    created_at: datetime

    @field_validator("kind")
    @classmethod
    def _is_no_monitoring(cls, kind: ProbeKind) -> ProbeKind:
        """A probe must never count for uptime."""
        if kind is ProbeKind.LIVENESS:
            raise ValueError("liveness is what monitoring asks; choose another kind")
        return kind


class ProbeState(RegistryEvent):
    probe: Probe

    @property
    def key(self) -> str:
        return str(self.probe.probe_id)


class ProbeCreated(ProbeState):
    """From now on it is asked."""

    name: ClassVar[str] = "probe.created"


class ProbeUpdated(ProbeState):
    """It was edited, switched on or off; `changed` names what."""

    name: ClassVar[str] = "probe.updated"
    changed: tuple[str, ...] = ()


class ProbeRemoved(RegistryEvent):
    """It is asked no more."""

    name: ClassVar[str] = "probe.removed"
    probe_id: UUID

    @property
    def key(self) -> str:
        return str(self.probe_id)
