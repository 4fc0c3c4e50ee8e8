"""From a discovery request to a list of models, or the reason why there is none."""

import asyncio
from uuid import UUID, uuid4

from probing import House

from arguslm_contracts.events.checks import DiscoveryRequested
from arguslm_contracts.measurement import Target
from arguslm_contracts.outcomes import Outcome
from arguslm_simulator import Behaviour, Simulator


def discovery(target: Target) -> DiscoveryRequested:
    return DiscoveryRequested(
        request_id=uuid4(), provider_id=UUID(target.provider_id), target=target
    )


async def test_a_provider_lists_its_models(house: House, simulator: Simulator) -> None:
    simulator.add("meta-llama/Llama-3-70b", Behaviour())
    asked = discovery(house.target(simulator.url, None))
    async with house.prober():
        await house.ask(asked)
        done = await house.discovered()
    assert (done.request_id, done.provider_id) == (asked.request_id, asked.provider_id)
    assert (done.outcome, done.message) == (Outcome.OK, None)
    assert [model.name for model in done.models] == ["swift", "meta-llama/Llama-3-70b"]


async def test_providers_that_hang_delay_no_other(house: House, simulator: Simulator) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server, house.prober():
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await house.ask(*(discovery(house.target(url, None)) for _ in range(8)))
        asked = discovery(house.target(simulator.url, None))
        await house.ask(asked)
        done = await house.discovered()
    assert (done.request_id, done.outcome) == (asked.request_id, Outcome.OK)


async def test_a_wrong_key_gives_no_models_and_says_so(house: House, simulator: Simulator) -> None:
    asked = discovery(house.target(simulator.url, None, api_key="sk-wrong-91"))
    async with house.prober():
        await house.ask(asked)
        done = await house.discovered()
    assert (done.outcome, done.models) == (Outcome.AUTH, ())
    assert done.message
    assert "sk-wrong-91" not in done.message
