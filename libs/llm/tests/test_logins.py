"""Providers that are logged in to before they are asked: who hangs there delays nobody else."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from recording_server import LeadingTo, RecordingServer

from arguslm_contracts.measurement import ProbeProfile, Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_llm import wire_beneath
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.measure import Measurer
from arguslm_llm.network import Network
from arguslm_testkit.certificates import self_signed
from arguslm_testkit.house import until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("measurer")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RecordingServer]:
    recording = RecordingServer(self_signed(tmp_path))
    yield recording
    recording.close()


@pytest_asyncio.fixture(loop_scope="session")
async def led(server: RecordingServer) -> AsyncIterator[Measurer]:
    """A measurer for which every name leads to the recording server."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    measurer = Measurer(Network(LeadingTo(server_port=server.port), tls=trusting))
    await measurer.start()
    yield measurer
    await measurer.close()


def watsonx(key: str) -> Endpoint:
    return Endpoint(
        "watsonx",
        base_url="https://own.test",
        settings={"project_id": "p"},
        credentials={"api_key": key},
        model="watsonx",
    )


def probe(**timeouts: float) -> ProbeProfile:
    return ProbeProfile(prompt="hi", timeouts=Timeouts(**timeouts))


async def test_many_that_hang_while_they_log_in_delay_no_other(
    led: Measurer, server: RecordingServer
) -> None:
    """More than a pool of threads has by itself; the other's request is built meanwhile."""
    server.login_takes_s = 6.0
    hanging = [asyncio.create_task(led.measure(watsonx(f"key-{n}"), probe())) for n in range(40)]

    async def somebody_knocks() -> bool:
        return any(asked.is_login for asked in server.asked)

    await until(somebody_knocks, "the first login")
    groq = Endpoint("groq", credentials={"api_key": "k"}, model="while-others-hang")
    other = await led.measure(groq, probe())
    assert other.outcome is Outcome.OK
    assert not any(task.done() for task in hanging)
    assert {one.outcome for one in await asyncio.gather(*hanging)} == {Outcome.OK}


async def test_a_login_that_is_never_answered_says_so(
    led: Measurer, server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_beneath, "_MARGIN_S", 0.0)
    server.login_takes_s = 3.0
    found = await led.measure(watsonx("key"), probe(total_s=1.0))
    assert found.outcome is Outcome.TIMEOUT_TOTAL
    assert found.evidence.message == "logging in took more than 1 s"


async def test_a_login_that_nobody_answers_says_so(led: Measurer, server: RecordingServer) -> None:
    server.close()
    found = await led.measure(watsonx("key"), probe())
    assert found.outcome is Outcome.REFUSED
    assert (found.evidence.message or "").startswith("logging in: ")


async def test_a_key_that_does_not_log_in_is_a_wrong_key(
    led: Measurer, server: RecordingServer
) -> None:
    server.lets_in = False
    found = await led.measure(watsonx("wrong-0a1b2c3d"), probe())
    assert found.outcome is Outcome.AUTH
    assert found.evidence.message == "logging in: no such key"
    assert found.evidence.http_status == 401
