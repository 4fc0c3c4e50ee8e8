"""What the light package pulls in: next to nothing."""

import json
import subprocess
import sys

import pytest

SERVER_SIDE = {
    "litellm",
    "nats",
    "sqlalchemy",
    "fastapi",
    "starlette",
    "uvicorn",
    "arguslm_bus",
    "arguslm_llm",
    "arguslm_storage",
    "arguslm_launcher",
}


def loaded(code: str, *options: str) -> set[str]:
    """The top-level packages in memory after running this in a fresh interpreter."""
    report = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, *options, "-c", report], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "code",
    [
        "import arguslm",
        "import arguslm; arguslm.ArgusLMClient; arguslm.NotFound",
        "import arguslm.schemas",
        "import arguslm.cli.main",
    ],
)
def test_the_sdk_stays_light(code: str) -> None:
    assert loaded(code) & SERVER_SIDE == set()


def test_the_command_line_starts_without_its_heavy_parts() -> None:
    assert loaded("import arguslm.cli.main") & {"httpx", "pydantic", "websockets"} == set()


def test_without_nats_the_subscriber_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['nats'] = None\n"
        "try:\n    from arguslm import EventSubscriber\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'arguslm[events]'" in done.stdout
