"""The service as a process: starts or says why not, and stops in order."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import pytest
from door_process import environment, healthy, port_of, process
from running_door import ADMIN_KEY, API
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from arguslm_query_api.app import main
from arguslm_query_api.settings import Settings
from arguslm_storage.vault import create_key_file
from arguslm_testkit.bus import BusForTests


async def test_it_serves_until_told_to_stop_and_ends_in_order(
    bus: BusForTests, tmp_path: Path
) -> None:
    create_key_file(tmp_path / "keys" / "fernet.key")
    async with process(environment(bus, tmp_path)) as started:
        port = await port_of(started)
        await healthy(f"http://127.0.0.1:{port}")
        address = f"ws://127.0.0.1:{port}{API}/stream"
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with connect(address, additional_headers=headers, proxy=None) as watching:
            await watching.recv()
            started.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                async with asyncio.timeout(10):
                    while True:
                        await watching.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        async with asyncio.timeout(10):
            assert await started.wait() == 0


async def fails(env: dict[str, str]) -> str:
    async with process(env) as started, asyncio.timeout(30):
        _, said = await started.communicate()
    assert started.returncode == 1
    (line,) = [line for line in said.decode().splitlines() if not line.startswith("{")]
    return line


async def test_a_port_in_use_is_one_clear_line(bus: BusForTests, tmp_path: Path) -> None:
    create_key_file(tmp_path / "keys" / "fernet.key")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = await fails(environment(bus, tmp_path, ARGUSLM_PORT=port))
    assert line == f"query-api: cannot listen on 127.0.0.1:{port}: Address already in use"


async def test_a_missing_key_is_one_clear_line(bus: BusForTests, tmp_path: Path) -> None:
    assert "ARGUSLM_ENCRYPTION_KEY" in await fails(environment(bus, tmp_path))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ARGUSLM_PORT", "99999"),
        ("ARGUSLM_ADMIN_KEY", "short"),
        ("ARGUSLM_PUBLIC_URL", "argus.example.com"),
        ("ARGUSLM_DASHBOARD_DIR", "/nowhere"),
        ("ARGUSLM_LOCATION", "a.b"),
        ("ARGUSLM_JWT_KEY", "short"),
    ],
)
def test_a_broken_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str
) -> None:
    monkeypatch.setenv("ARGUSLM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit, match=f"^query-api: setting {variable}: "):
        main()


def test_lists_and_empty_variables_are_read_as_compose_files_give_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARGUSLM_ALLOWED_ORIGINS", "https://a.example.com, https://b.example.com")
    monkeypatch.setenv("ARGUSLM_ADMIN_KEY", "")
    settings = Settings()
    assert settings.allowed_origins == ("https://a.example.com", "https://b.example.com")
    assert settings.admin_key is None
    assert settings.shown_url == "http://127.0.0.1:8000"


async def test_the_library_of_providers_stays_out_of_this_process() -> None:
    code = (
        "import sys, arguslm_query_api.app; sys.exit('litellm' in sys.modules "
        "or 'apprise' in sys.modules)"
    )
    started = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await started.wait() == 0
