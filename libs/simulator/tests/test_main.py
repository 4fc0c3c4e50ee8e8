"""The command as people run it: a real process."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "arguslm_simulator.main", *arguments]


@contextmanager
def running(*arguments: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the first line it prints."""
    process = subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_cleanly(stop: signal.Signals) -> None:
    with running("--json") as (process, line):
        url = json.loads(line)["url"]
        with urllib.request.urlopen(f"{url}/v1/models") as response:
            names = [model["id"] for model in json.load(response)["data"]]
        assert names == ["swift", "slow", "flaky", "stalling", "thinker"]
        process.send_signal(stop)
        assert process.wait(20) == 0
        assert process.communicate() == ("", "")


def test_people_get_a_friendly_line(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text('{"models": {"alpha": {}, "beta": {}}}')
    with running("--scenario", str(file)) as (_, line):
        assert line.startswith("Simulating alpha, beta at http://127.0.0.1:")


def test_a_check_says_what_a_scenario_holds_and_serves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text('{"seed": 3, "models": {"alpha": {"gap_ms": 5, "fault": "stall"}, "beta": {}}}')
    ended = subprocess.run(
        command("--check", "--scenario", str(file), "--seed", "9"),
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert ended.stdout.splitlines() == [
        f"{file} is sound, seed 9:",
        "  alpha: gap_ms 5, fault stall",
        "  beta: all as by default",
    ]


def test_the_key_may_come_from_the_environment() -> None:
    with running("--json", ARGUSLM_SIMULATOR_API_KEY="sk-from-outside") as (_, line):
        url = json.loads(line)["url"]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{url}/v1/models")


def test_a_bad_scenario_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text('{"models": {"alpha": {"ttft_ms": "soon"}}}')
    ended = subprocess.run(
        command("--scenario", str(file)), capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert "model 'alpha': ttft_ms must be a number" in ended.stderr


def test_a_taken_port_is_one_line_and_exit_code_1() -> None:
    with running("--json") as (_, line):
        port = json.loads(line)["url"].rsplit(":", 1)[1]
        ended = subprocess.run(
            command("--port", port), capture_output=True, text=True, timeout=20, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr


@pytest.mark.parametrize("arguments", [("--port", "high"), ("--port", "70000"), ("--nonsense",)])
def test_bad_arguments_are_exit_code_2(arguments: tuple[str, ...]) -> None:
    ended = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 2
    assert arguments[0] in ended.stderr


def test_help() -> None:
    ended = subprocess.run(
        command("--help"), capture_output=True, text=True, timeout=20, check=True
    )
    for option in ("--scenario", "--host", "--port", "--api-key", "--json", "--check", "--seed"):
        assert option in ended.stdout
