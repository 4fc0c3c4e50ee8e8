"""A scenario: the models an endpoint has, and the seed that decides their faults."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arguslm_simulator.behaviour import Behaviour, Fault, ScenarioError, unknown_field


@dataclass(frozen=True, slots=True)
class Scenario:
    """Model names with their behaviours. The same seed gives the same faults, request by request.

    Raises `ScenarioError` when a model has no name.
    """

    models: Mapping[str, Behaviour] = field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if any(not name.strip() for name in self.models):
            raise ScenarioError("a model needs a name")


def demo_scenario() -> Scenario:
    """Five models that show what a monitor has to tell apart."""
    return Scenario(
        models={
            "swift": Behaviour(ttft_ms=80, gap_ms=8, tokens=48, obliges=True),
            "slow": Behaviour(ttft_ms=900, gap_ms=40, headers_ms=300, tokens=48),
            # Runs of two, so that an alert which needs two failures in a row is raised sometimes.
            "flaky": Behaviour(
                ttft_ms=150,
                gap_ms=12,
                tokens=48,
                fault=Fault.HTTP_500,
                fault_rate=1 / 6,
                fault_run=2,
            ),
            "stalling": Behaviour(
                ttft_ms=120,
                gap_ms=15,
                tokens=48,
                fault=Fault.STALL,
                fault_rate=0.2,
                stall_after_tokens=20,
            ),
            "thinker": Behaviour(
                ttft_ms=200, gap_ms=10, headers_ms=120, tokens=32, reasoning_tokens=40
            ),
        },
        # This seed lets flaky and stalling fail within the first five requests.
        seed=4,
    )


def load_scenario(path: Path) -> Scenario:
    """Reads a scenario file: {"seed": 7, "models": {"swift": {"ttft_ms": 80, ...}, ...}}.

    Raises `ScenarioError` with one line that says what is wrong and where.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise ScenarioError(
            f"{path}, line {error.lineno}, column {error.colno} is not JSON: {error.msg}"
        ) from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path} is not text in UTF-8") from None
    try:
        return parse_scenario(document)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from None


def parse_scenario(document: Any) -> Scenario:
    """A scenario from its JSON form; raises `ScenarioError`."""
    if not isinstance(document, dict):
        raise ScenarioError('a scenario is an object {"seed": ..., "models": {...}}')
    unknown = sorted(set(document) - {"seed", "models"})
    if unknown:
        raise ScenarioError(unknown_field(unknown[0], ["seed", "models"]))
    seed = document.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ScenarioError(f"seed must be a whole number, not {seed!r}")
    models = document.get("models")
    if not isinstance(models, dict) or not models:
        raise ScenarioError("models must name at least one model")
    return Scenario(models={n: _behaviour(n, changes) for n, changes in models.items()}, seed=seed)


def _behaviour(name: str, changes: Any) -> Behaviour:
    if not isinstance(changes, dict):
        raise ScenarioError(f"model {name!r}: must be an object, not {changes!r}")
    try:
        return Behaviour().changed(changes)
    except ScenarioError as error:
        raise ScenarioError(f"model {name!r}: {error}") from None
