"""An LLM endpoint with known truth: exact schedules, every fault on demand, HTTP on loopback."""

from arguslm_simulator.behaviour import Behaviour, Fault, ScenarioError
from arguslm_simulator.scenario import Scenario, demo_scenario, load_scenario
from arguslm_simulator.simulator import Simulator
from arguslm_simulator.stats import Lateness, Stats

__all__ = [
    "Behaviour",
    "Fault",
    "Lateness",
    "Scenario",
    "ScenarioError",
    "Simulator",
    "Stats",
    "demo_scenario",
    "load_scenario",
]
