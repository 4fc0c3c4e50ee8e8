"""The scenario while it runs: behaviours may change, request numbers go on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from arguslm_simulator.behaviour import Behaviour, Fault, ScenarioError
from arguslm_simulator.scenario import Scenario
from arguslm_simulator.schedule import Schedule, schedule_of


class LiveScenario:
    """A change holds from the next request on; answers under way keep what they began with."""

    def __init__(self, scenario: Scenario) -> None:
        self._models = dict(scenario.models)
        self._seed = scenario.seed
        self._request_numbers: Counter[str] = Counter()

    def __contains__(self, model: str) -> bool:
        return model in self._models

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __getitem__(self, model: str) -> Behaviour:
        """Raises `KeyError` for an unknown model."""
        return self._models[model]

    def set(self, model: str, changes: Mapping[str, Any]) -> Behaviour:
        """Changes some fields; raises `KeyError`, `ScenarioError`."""
        self._models[model] = self._models[model].changed(changes)
        return self._models[model]

    def add(self, model: str, behaviour: Behaviour) -> None:
        if not model.strip():
            raise ScenarioError("a model needs a name")
        self._models[model] = behaviour

    def remove(self, model: str) -> None:
        """The endpoint no longer has this model; raises `KeyError`."""
        del self._models[model]

    def next_request(self, model: str, faults: Sequence[Fault]) -> tuple[Fault, Schedule]:
        """Counts a request, and says what strikes it and when its tokens leave; raises `KeyError`.

        `faults`: those that "any" may be.
        """
        behaviour = self._models[model]
        self._request_numbers[model] += 1
        number = self._request_numbers[model]
        fault = behaviour.fault_of(number, seed=self._seed, model=model, among=faults)
        return fault, schedule_of(behaviour, fault, draw_from=f"{self._seed}:{model}:{number}")
