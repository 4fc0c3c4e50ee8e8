"""The house as a person starts it: refused twice, killed, its key revoked, started again, and
moved to another machine."""

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from arguslm import AsyncArgusLMClient
from arguslm.errors import Unauthorized
from arguslm_launcher.data_dir import DataDir
from arguslm_launcher.house import SERVICES
from arguslm_launcher.maintenance import WITH_TABLES
from arguslm_launcher.nursery import NURSERY
from arguslm_testkit.house import (
    ADMIN_KEY,
    HouseUnderTest,
    run_arguslm,
    running_house,
    runs,
    until,
)

KEPT_KEY = {"ARGUSLM_ADMIN_KEY": ""}
QUIET = "--no-dashboard"


def client_of(house: HouseUnderTest, key: str) -> AsyncArgusLMClient:
    return AsyncArgusLMClient(base_url=house.url, api_key=key)


async def all_gone(pids: Sequence[int]) -> bool:
    return not any(runs(pid) for pid in pids)


@pytest.mark.timeout(400)
async def test_a_house_and_its_directory_through_its_days(tmp_path: Path) -> None:
    data_dir, backup = tmp_path / "data", tmp_path / "house.backup"
    demo_url = await the_first_day(data_dir)
    await a_revoked_key_is_no_way_in(data_dir)
    await a_resting_house_can_be_verified(data_dir)
    held = await the_last_day(data_dir, demo_url, backup)
    await it_moves(backup, tmp_path / "new", held)


async def the_first_day(data_dir: Path) -> str:
    """A second start beside it is refused; killed, it takes its children with it."""
    async with running_house(data_dir, "--demo", QUIET) as house:
        code, out, err = await run_arguslm(
            "up", "--port", "0", "--data-dir", str(data_dir), QUIET, env=KEPT_KEY
        )
        assert (code, out) == (1, "")
        assert err.count("\n") == 1
        assert "another ArgusLM is running" in err
        async with client_of(house, ADMIN_KEY) as client:
            demo_url = (await client.list_providers()).providers[0].base_url
            keys = (await client.list_api_keys()).items
            await client.revoke_api_key(keys[0].id)
        pids = list(house.pids().values())
        assert len(pids) == 8
        # A process is forked safely while it has one thread.
        assert psutil.Process(house.pids()[NURSERY]).num_threads() == 1
        os.kill(house.process.pid, signal.SIGKILL)
        await until(lambda: all_gone(pids), "the children to end")
    assert demo_url is not None
    return demo_url


async def a_revoked_key_is_no_way_in(data_dir: Path) -> None:
    """A given key that was revoked is refused; a kept one is replaced."""
    code, out, err = await run_arguslm(
        "up",
        "--port",
        "0",
        "--data-dir",
        str(data_dir),
        QUIET,
        env={"ARGUSLM_ADMIN_KEY": ADMIN_KEY},
    )
    assert (code, out) == (1, "")
    assert "ARGUSLM_ADMIN_KEY: this key was revoked" in err
    async with running_house(data_dir, QUIET, env=KEPT_KEY) as house:
        kept = DataDir(data_dir).admin_key(None)
        assert kept != ADMIN_KEY
        async with client_of(house, kept) as client:
            assert (await client.whoami()).role == "admin"
        async with client_of(house, ADMIN_KEY) as client:
            with pytest.raises(Unauthorized):
                await client.whoami()


async def a_resting_house_can_be_verified(data_dir: Path) -> None:
    for command in (("verify", "query-api"), ("audit",)):
        async with asyncio.timeout(60):
            code, out, err = await run_arguslm(*command, "--data-dir", str(data_dir))
        assert (code, out) == (0, ""), err
        assert err.count("\n") == 1


async def the_last_day(data_dir: Path, demo_url: str, backup: Path) -> dict[str, int]:
    """What was known is known, the demo is where its models are asked, and it ends with Ctrl-C.
    Backed up while it works; gives how many events of each stream the backup holds."""
    async with running_house(data_dir, "--demo", QUIET, env=KEPT_KEY) as house:
        async with client_of(house, DataDir(data_dir).admin_key(None)) as client:
            demo = (await client.list_providers()).providers
            assert [provider.base_url for provider in demo] == [demo_url]
            swift = (await client.list_models(search="swift")).items[0]
            before = await client.list_checks(model_id=swift.id, limit=1)
            assert before.items

            async def answers() -> bool:
                """Skipped while the check of a slot is in flight."""
                run = await client.check_model(swift.id)

                async def is_over() -> bool:
                    return (await client.get_monitoring_run(run.run_id)).completed == 1

                await until(is_over, "the check")
                after = (await client.list_checks(model_id=swift.id, limit=1)).items[0]
                return after.measurement.outcome.value == "ok"

            await until(answers, "a check that was asked for to be answered")
        await a_killed_nursery_brings_all_back(house)
        code, out, err = await run_arguslm(
            "backup", str(backup), "--data-dir", str(data_dir), "--json"
        )
        assert code == 0, err
        held: dict[str, int] = json.loads(out)["events"]
        pids = list(house.pids().values())
        assert await house.stop() == 0
        assert await all_gone(pids)
    return held


async def a_killed_nursery_brings_all_back(house: HouseUnderTest) -> None:
    before = house.pids()
    os.kill(before[NURSERY], signal.SIGKILL)

    async def back() -> bool:
        now = house.pids()
        return all(now.get(name) not in (None, before[name]) for name in (NURSERY, *SERVICES))

    await until(back, "all services to be started again")
    await until(house.is_healthy, "the house to be well again")


async def it_moves(backup: Path, new: Path, held: dict[str, int]) -> None:
    """Restored elsewhere it is the same house, and goes on."""
    code, _, err = await run_arguslm("restore", str(backup), "--data-dir", str(new))
    assert code == 0, err
    assert await findings(new) == []
    async with running_house(new, QUIET, env=KEPT_KEY) as house:
        assert await house.is_healthy()
    assert await findings(new) == []
    for service in WITH_TABLES:
        code, out, err = await run_arguslm("verify", service, "--json", "--data-dir", str(new))
        assert (code, json.loads(out)["equal"]) == (0, True), out + err
    code, out, _ = await run_arguslm("export-events", "--stream", "CHECKS", "--data-dir", str(new))
    moved = [json.loads(line) for line in out.splitlines()]
    before = held["CHECKS"]
    assert before > 0
    assert [event["sequence"] for event in moved[:before]] == [*range(1, before + 1)]
    assert len({event["id"] for event in moved}) == len(moved)


async def findings(data_dir: Path) -> object:
    """What the audit has found."""
    _, out, err = await run_arguslm("audit", "--json", "--data-dir", str(data_dir))
    assert out, err
    return json.loads(out)["findings"]
