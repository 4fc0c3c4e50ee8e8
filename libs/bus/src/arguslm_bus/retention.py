"""How long streams keep what they hold: a setting for each that may forget.

Registry, accounts and alerts are kept for ever: what is watched, who may come in, and what was
judged rests on them.
"""

from datetime import timedelta
from typing import Annotated

from nats.aio.client import Client
from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from arguslm_contracts.streams import (
    BENCHMARKS,
    CHECK_REQUESTS,
    CHECKS,
    CLOCK,
    DEAD_LETTERS,
    FOREVER,
    STREAMS,
    StreamSpec,
)

_FOR_EVER = "0 for ever"


def _at_least(spec: StreamSpec) -> AfterValidator:
    least = (spec.least_age or FOREVER).days

    def check(days: int) -> int:
        if days != 0 and days < least:
            raise ValueError(f"has to be at least {least}, or {_FOR_EVER}")
        return days

    return AfterValidator(check)


class ChecksRetention(BaseSettings):
    """For who gives checks up."""

    model_config = SettingsConfigDict(env_prefix="ARGUSLM_", env_ignore_empty=True)

    retention_checks_days: Annotated[int, _at_least(CHECKS)] = Field(
        default=CHECKS.max_age.days,
        description=f"days that single checks are kept, {_FOR_EVER}; their hours stay for ever",
    )

    @property
    def checks_age(self) -> timedelta:
        """FOREVER is no age."""
        return timedelta(days=self.retention_checks_days)


class RetentionSettings(ChecksRetention):
    """For who makes the streams."""

    retention_check_requests_days: Annotated[int, _at_least(CHECK_REQUESTS)] = Field(
        default=CHECK_REQUESTS.max_age.days,
        description=f"days that requests for checks are kept, {_FOR_EVER}",
    )
    retention_clock_days: Annotated[int, _at_least(CLOCK)] = Field(
        default=CLOCK.max_age.days,
        description=f"days that ticks of the clock are kept, {_FOR_EVER}",
    )
    retention_benchmarks_days: Annotated[int, _at_least(BENCHMARKS)] = Field(
        default=BENCHMARKS.max_age.days,
        description=f"days that runs and their samples are kept, {_FOR_EVER}",
    )
    retention_dead_letters_days: Annotated[int, _at_least(DEAD_LETTERS)] = Field(
        default=DEAD_LETTERS.max_age.days,
        description=f"days that what could not be handled is kept, {_FOR_EVER}",
    )

    def age(self, spec: StreamSpec) -> timedelta:
        """How long a stream keeps what may grow old; FOREVER where nothing does."""
        days = getattr(self, spec.setting, None)
        return spec.max_age if days is None else timedelta(days=days)

    def is_chosen(self, spec: StreamSpec) -> bool:
        """Whether somebody has set this age, rather than left it as it is."""
        return spec.setting in self.model_fields_set


SETTABLE = tuple(spec for spec in STREAMS if spec.least_age is not None)


async def purge(client: Client, stream: StreamSpec, subject: str, *, through: int) -> None:
    """Remove for ever what stands under a subject pattern up to a sequence."""
    await client.jetstream().purge_stream(stream.name, seq=through + 1, subject=subject)
