"""Stories for tests: a provider, models, rules and checks with times of their own."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from arguslm_contracts.events import registry
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.outcomes import Outcome

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PROVIDER_ID = derive("provider", "stories")

OK = Outcome.OK
DOWN = Outcome.TIMEOUT_HEADERS
SILENT = Outcome.RATE_LIMITED


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def model_id(name: str) -> UUID:
    return derive("model", PROVIDER_ID, name)


def check(
    model: str, second: float, outcome: Outcome = OK, *, location: str = "local", **fields: Any
) -> CheckCompleted:
    """A check that was due and done at `second`."""
    facts: dict[str, Any] = {
        "check_id": derive("check", model, location, second),
        "model_id": model_id(model),
        "provider_id": str(PROVIDER_ID),
        "provider_type": "openai",
        "provider_name": "Acme",
        "model": model,
        "location": location,
        "due_at": at(second),
        "started_at": at(second),
        "completed_at": at(second),
        "measurement": Measurement.of(outcome),
    }
    return CheckCompleted(**(facts | fields))


def checks(model: str, outcomes: Sequence[Outcome], *, first: int = 1) -> list[CheckCompleted]:
    """One check a second."""
    return [check(model, first + n, outcome) for n, outcome in enumerate(outcomes)]


def rule(name: str = "any", rule_type: str = "any_model_down", **fields: Any) -> registry.Rule:
    facts: dict[str, Any] = {
        "rule_id": derive("rule", name),
        "name": name,
        "rule_type": rule_type,
        "failures_to_raise": 2,
        "successes_to_resolve": 2,
        "created_at": START,
    }
    return registry.Rule(**(facts | fields))


def provider(**fields: Any) -> registry.Provider:
    facts: dict[str, Any] = {
        "provider_id": PROVIDER_ID,
        "provider_type": "openai",
        "display_name": "Acme",
        "created_at": START,
    }
    return registry.Provider(**(facts | fields))


def model(name: str, **fields: Any) -> registry.Model:
    facts: dict[str, Any] = {
        "model_id": model_id(name),
        "provider_id": PROVIDER_ID,
        "name": name,
        "monitored": True,
        "created_at": START,
    }
    return registry.Model(**(facts | fields))


def watched(*names: str) -> list[Event]:
    """A provider with monitored models."""
    return [
        registry.ProviderRegistered(revision=1, at=START, provider=provider()),
        *(registry.ModelRegistered(revision=1, at=START, model=model(name)) for name in names),
    ]


def ruled(*rules: registry.Rule) -> list[Event]:
    return [registry.RuleCreated(revision=1, at=START, rule=one) for one in rules]


def long_story(models: Sequence[str], *, seed: int, length: int) -> list[CheckCompleted]:
    """Checks of several models with outages of random lengths."""
    chance = random.Random(seed)
    told: list[CheckCompleted] = []
    ill = dict.fromkeys(models, False)
    for second in range(1, length + 1):
        for name in models:
            if chance.random() < 0.3:
                ill[name] = not ill[name]
            told.append(check(name, second, DOWN if ill[name] else OK))
    return told
