"""Endpoints to watch in tests: simulators, a server nobody here wrote, and a webhook receiver."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from arguslm_launcher.addresses import Ports

_PROGRAMS = Path(sys.executable).parent


class SimulatorProcess:
    """`arguslm-simulator` in a process of its own, so that its schedule is not ours to disturb."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def set(self, model: str, **changes: Any) -> None:
        """Change how a model behaves from now on."""
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.put(f"{self.url}/__scenario/{model}", json=changes)
            answer.raise_for_status()

    async def heal(self) -> None:
        """No model has a fault from now on."""
        async with httpx.AsyncClient(trust_env=False) as http:
            models = (await http.get(f"{self.url}/__scenario")).json()
        for name, behaviour in models.items():
            if behaviour["fault"] != "none":
                await self.set(name, fault="none")

    async def stats(self) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as http:
            found: dict[str, Any] = (await http.get(f"{self.url}/__stats")).json()
            return found


@asynccontextmanager
async def running_simulator(
    directory: Path, models: dict[str, Any], *, api_key: str | None = None
) -> AsyncIterator[SimulatorProcess]:
    """A simulator that serves `models` (name -> behaviour)."""
    scenario = directory / "scenario.json"
    scenario.write_text(json.dumps({"models": models}))
    environment = dict(os.environ)
    if api_key is not None:
        environment["ARGUSLM_SIMULATOR_API_KEY"] = api_key
    process = await asyncio.create_subprocess_exec(
        str(_PROGRAMS / "arguslm-simulator"),
        "--json",
        "--scenario",
        str(scenario),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        line = await process.stdout.readline()
        yield SimulatorProcess(json.loads(line)["url"])
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def running_litellm_proxy(directory: Path, *, key: str) -> AsyncIterator[str]:
    """The LiteLLM proxy with mocked answers, installed apart from us by uv; gives its address.

    Models: `mock-gpt` and `mock-llama/3:8b`.
    """
    config = directory / "litellm.yaml"
    names = ("mock-gpt", "mock-llama/3:8b")
    config.write_text(
        json.dumps(
            {
                "model_list": [
                    {
                        "model_name": name,
                        "litellm_params": {
                            "model": "openai/gpt-4.1",
                            "api_key": "none",
                            "mock_response": "Hello, all is well here.",
                        },
                    }
                    for name in names
                ],
                "general_settings": {"master_key": key},
            }
        )
    )
    ports = Ports()
    port = ports.take("127.0.0.1", 0)
    log = (directory / "litellm.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        "uvx",
        "--from",
        "litellm[proxy]>=1.106,<1.110",
        "litellm",
        "--config",
        str(config),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        await _answering(f"http://127.0.0.1:{port}/health/liveliness", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        await process.wait()
        ports.release()
        log.close()


async def _answering(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(240), httpx.AsyncClient(trust_env=False, timeout=5) as http:
        while True:
            assert process.returncode is None, f"the server at {url} ended"
            try:
                if (await http.get(url)).status_code == 200:
                    return
            except httpx.HTTPError:
                await asyncio.sleep(0.3)


class WebhookReceiver:
    """Takes webhooks and keeps their JSON bodies, in order."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next(
            int(line.split(":")[1]) for line in head.split("\r\n") if "content-length" in line
        )
        self.bodies.append(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    def kinds(self) -> list[str]:
        return [body["type"] for body in self.bodies]


@asynccontextmanager
async def webhook_receiver() -> AsyncIterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield receiver
