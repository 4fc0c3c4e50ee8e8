"""Probes: what else is asked of models, beside whether they live."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from arguslm_contracts.probes import Assertion, Level, ProbeKind
from arguslm_contracts.rest.base import Command, Shape

Name = Annotated[str, Field(min_length=1, max_length=255)]
IntervalS = Annotated[int, Field(ge=10, le=604_800)]
Cron = Annotated[
    str,
    Field(min_length=1, max_length=200, description="minute hour day month weekday, in UTC"),
]
Prompt = Annotated[str, Field(min_length=1, max_length=100_000)]
MaxTokens = Annotated[int, Field(ge=1, le=100_000)]
ContextWords = Annotated[
    int, Field(ge=50, le=100_000, description="of long_context: how much stands around the needle")
]
Assertions = Annotated[list[Assertion], Field(max_length=20)]


class ProbeCreate(Command):
    """Asked of the watched models of a provider, of one model, or of all when neither is given,
    each `interval_s` or at the times of `cron`."""

    name: Name
    kind: ProbeKind = Field(description="any but liveness: that is monitoring")
    provider_id: UUID | None = None
    model_id: UUID | None = None
    interval_s: IntervalS | None = None
    cron: Cron | None = None
    prompt: Prompt | None = Field(default=None, description="the kind's own when not given")
    max_tokens: MaxTokens | None = None
    context_words: ContextWords | None = None
    answer_schema: dict[str, object] | None = Field(default=None, description="of json_schema")
    assertions: Assertions = []
    finding_level: Level = Field(default="fail", description="of what the kind itself finds")
    enabled: bool = True


class ProbeUpdate(Command):
    """Only what is given changes; null clears `prompt`, `max_tokens`, `context_words` and
    `answer_schema`. An `interval_s` takes the place of a `cron`, and the other way round."""

    name: Name | None = None
    interval_s: IntervalS | None = None
    cron: Cron | None = None
    prompt: Prompt | None = None
    max_tokens: MaxTokens | None = None
    context_words: ContextWords | None = None
    answer_schema: dict[str, object] | None = None
    assertions: Assertions | None = None
    finding_level: Level | None = None
    enabled: bool | None = None


class ProbeResponse(Shape):
    id: UUID
    name: str
    kind: ProbeKind
    provider_id: UUID | None = None
    model_id: UUID | None = None
    interval_s: int | None = None
    cron: str | None = None
    prompt: str | None = None
    max_tokens: int | None = None
    context_words: int | None = None
    answer_schema: dict[str, object] | None = None
    assertions: list[Assertion] = []
    finding_level: Level = "fail"
    enabled: bool = True
    revision: int = 1
    created_at: datetime


class ProbeList(Shape):
    items: list[ProbeResponse]
