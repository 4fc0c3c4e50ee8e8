import json
from pathlib import Path

import pytest

from arguslm_simulator import Behaviour, Fault, Scenario, ScenarioError, load_scenario


def test_a_file_says_all(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    models = {"meta-llama/Llama-3-70b": {"ttft_ms": 80, "fault": "stall"}, "llama3:8b": {}}
    file.write_text(json.dumps({"seed": 7, "models": models}))
    assert load_scenario(file) == Scenario(
        {
            "meta-llama/Llama-3-70b": Behaviour(ttft_ms=80, fault=Fault.STALL),
            "llama3:8b": Behaviour(),
        },
        seed=7,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1, column 2 is not JSON"),
        ("[]", "a scenario is an object"),
        ('{"models": {}}', "at least one model"),
        ('{"models": {"": {}}}', "a model needs a name"),
        ('{"models": {"a": 5}}', "model 'a': must be an object"),
        ('{"models": {"a": {"tokens": "many"}}}', "model 'a': tokens must be a whole number"),
        ('{"modells": {}}', "unknown field 'modells'; did you mean 'models'"),
        ('{"seed": "x", "models": {"a": {}}}', "seed must be a whole number"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(text)
    with pytest.raises(ScenarioError, match=says) as caught:
        load_scenario(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"cannot read .*absent.json: No such file"):
        load_scenario(tmp_path / "absent.json")
