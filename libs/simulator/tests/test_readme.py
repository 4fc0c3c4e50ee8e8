"""The README's examples, run as they stand."""

import argparse
import re
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest

from arguslm_simulator import Behaviour, Simulator, load_scenario

README = (Path(__file__).parents[1] / "README.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_scenario_is_sound(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(block("json"))
    assert load_scenario(file).seed == 7


async def test_the_commands_are_answered() -> None:
    curl = argparse.ArgumentParser()
    curl.add_argument("-N", action="store_true")
    curl.add_argument("-X", default="POST")
    curl.add_argument("-H", default="x-none: none")
    curl.add_argument("-d")
    curl.add_argument("url")
    lines = block("sh").splitlines()
    assert len(lines) >= 5
    async with Simulator() as simulator, httpx.AsyncClient() as client:
        for line in lines:
            given = curl.parse_args(shlex.split(line)[1:])
            url = given.url.replace("localhost:9100", simulator.url)
            headers = dict([given.H.split(": ")])
            answer = await client.request(given.X, url, content=given.d, headers=headers)
            assert answer.status_code == 200, line
            # Swift says again what it was told: "Hello", token by token.
            assert '"H"' in answer.text or given.X == "PUT"
        assert simulator.behaviour("swift").fault == "http_429"


async def test_the_python_runs() -> None:
    body = "".join(f"    {line}\n" for line in block("python").splitlines())
    names: dict[str, Any] = {}
    exec(f"async def example():\n{body}", names)
    await names["example"]()


@pytest.mark.parametrize("field", Behaviour().to_json())
def test_every_field_is_described(field: str) -> None:
    assert f"`{field}`" in README
