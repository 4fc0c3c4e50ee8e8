"""What a person gets from the wheels, in an empty environment: the light client, or everything."""

import asyncio
import json
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("wheels")

NOT_IN_THE_CLIENT = ("sqlalchemy", "litellm", "fastapi", "faststream", "nats-py", "apprise")


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheels")
    run("uv", "build", "--all-packages", "--wheel", "--quiet", "--out-dir", out)
    return out


def environment(tmp_path: Path, wheels: Path, wanted: str) -> Path:
    """The `bin` of a new environment with one thing installed from the wheels."""
    venv = tmp_path / "venv"
    run("uv", "venv", "--quiet", venv)
    run(
        *("uv", "pip", "install", "--quiet", "--python", venv / "bin" / "python"),
        *("--find-links", wheels, "--prerelease", "allow", wanted),
        cwd=tmp_path,
    )
    return venv / "bin"


@pytest.mark.timeout(300)
def test_the_client_is_light(tmp_path: Path, wheels: Path) -> None:
    programs = environment(tmp_path, wheels, "arguslm")
    listed = run("uv", "pip", "list", "--format", "json", "--python", programs / "python")
    installed = {package["name"] for package in json.loads(listed)}
    assert installed.isdisjoint(NOT_IN_THE_CLIENT)
    assert "arguslm-contracts" in installed
    run(programs / "python", "-c", "import arguslm; arguslm.ArgusLMClient")
    assert "providers" in run(programs / "arguslm", "--help")


@pytest.mark.timeout(300)
async def test_everything_starts_from_wheels_alone(tmp_path: Path, wheels: Path) -> None:
    programs = environment(tmp_path, wheels, "arguslm[server]")
    house = await asyncio.create_subprocess_exec(
        *(programs / "arguslm", "up", "--json", "--no-dashboard"),
        *("--port", "0", "--data-dir", tmp_path / "data"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    assert house.stdout is not None
    ready = json.loads(await house.stdout.readline())
    assert ready["url"].startswith("http://127.0.0.1:")
    house.send_signal(signal.SIGINT)
    assert await house.wait() == 0
