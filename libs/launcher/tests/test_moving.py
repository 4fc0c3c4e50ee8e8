"""A house moves to another machine: backed up while it works, restored elsewhere, equal."""

import json
from pathlib import Path

import pytest

from arguslm_launcher.maintenance import WITH_TABLES
from arguslm_testkit.house import run_arguslm, running_house, until

QUIET = "--no-dashboard"


async def audited(data_dir: Path) -> dict[str, object]:
    _, out, err = await run_arguslm("audit", "--json", "--data-dir", str(data_dir))
    assert out, err
    seen: dict[str, object] = json.loads(out)
    return seen


@pytest.mark.timeout(400)
async def test_a_working_house_moves(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "house.backup"

    async def some_checks() -> bool:
        checks = (await audited(old))["checks"]
        assert isinstance(checks, int)
        return checks >= 8

    async with running_house(old, "--demo", QUIET):
        await until(some_checks, "the demo's models to be checked", timeout_s=120)
        code, out, err = await run_arguslm("backup", str(file), "--data-dir", str(old), "--json")
        assert code == 0, err
        held = json.loads(out)["events"]
    code, _, err = await run_arguslm("restore", str(file), "--data-dir", str(new))
    assert code == 0, err
    before = await audited(new)
    assert before["findings"] == []
    async with running_house(new, QUIET) as house:
        assert await house.is_healthy()
    after = await audited(new)
    assert after["findings"] == []
    for service in WITH_TABLES:
        code, out, err = await run_arguslm("verify", service, "--json", "--data-dir", str(new))
        assert (code, json.loads(out)["equal"]) == (0, True), out + err
    code, out, _ = await run_arguslm("export-events", "--stream", "CHECKS", "--data-dir", str(new))
    moved = [json.loads(line) for line in out.splitlines()]
    assert [event["sequence"] for event in moved[: held["CHECKS"]]] == [
        *range(1, held["CHECKS"] + 1)
    ]
    assert len({event["id"] for event in moved}) == len(moved)
