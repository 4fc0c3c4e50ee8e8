"""A newcomer types what README says, and then what they should not, at a real house."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from arguslm_testkit.endpoints import SimulatorProcess, running_simulator
from arguslm_testkit.house import HouseUnderTest, run_arguslm, running_house, until

KEY = "sk-planted-key-of-the-newcomer"
MODELS = {"swift": {"ttft_ms": 20, "gap_ms": 2, "tokens": 8}, "org/big: 70b": {"tokens": 4}}


class Newcomer:
    """Someone with a shell, a simulated vendor, and a key to it in the environment."""

    def __init__(self, house: HouseUnderTest, vendor: SimulatorProcess, home: Path) -> None:
        self.house = house
        self.vendor = vendor
        self.env = {"ARGUSLM_HOME": str(home), "MY_KEY": KEY, "WRONG_KEY": "sk-wrong"}
        self.said = ""

    async def types(self, *arguments: str, code: int = 0) -> str:
        """Run `arguslm`, expect this exit code, and give what it printed."""
        got, out, err = await run_arguslm(*arguments, env=self.env)
        self.said += out + err
        assert got == code, (arguments, got, out, err)
        return out or err

    async def refused(self, *arguments: str, code: int, says: str) -> None:
        """One line that says why, and no traceback."""
        said = await self.types(*arguments, code=code)
        assert says in said, said
        assert said.count("\n") == 1, said


@asynccontextmanager
async def newcomer(tmp_path: Path) -> AsyncIterator[Newcomer]:
    async with (
        running_simulator(tmp_path, MODELS, api_key=KEY) as vendor,
        running_house(tmp_path / "data", "--no-dashboard") as house,
    ):
        yield Newcomer(house, vendor, tmp_path / "home")


@pytest.mark.timeout(240)
async def test_readme_as_typed(tmp_path: Path) -> None:
    async with newcomer(tmp_path) as person:
        await person.types("login", "--data-dir", str(person.house.data_dir))
        await a_provider_that_does_not_answer_is_not_saved(person)
        await readme(person)
        await one_field_at_a_time(person)
        await a_benchmark_of_ones_own(person)
        await what_is_wrong_is_told(person)
        await it_all_holds(person)
        assert KEY not in person.said


def add(person: Newcomer, name: str, base_url: str, *more: str) -> tuple[str, ...]:
    kind = ("--type", "custom_openai_compatible")
    return ("providers", "add", *kind, "--name", name, "--base-url", base_url, *more)


async def a_provider_that_does_not_answer_is_not_saved(person: Newcomer) -> None:
    url = person.vendor.url
    for base_url, key, says in (
        (f"{url}/v1", "WRONG_KEY", "rejected our credentials"),
        (url, "MY_KEY", "is the base URL right?"),
        ("http://127.0.0.1:1/v1", "MY_KEY", "connection refused"),
    ):
        await person.refused(*add(person, "No", base_url, "--key-env", key), code=1, says=says)
    assert json.loads(await person.types("providers", "list", "--json")) == []


async def readme(person: Newcomer) -> None:
    said = await person.types(
        *add(person, "Vendor/1: ü", f"{person.vendor.url}/v1", "--key-env", "MY_KEY")
    )
    assert "ok: 2 models" in said
    await person.types("models", "watch", "swift")
    await person.types("monitoring", "set", "--interval", "10s")
    following = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "arguslm"),
        *("checks", "--follow", "--json"),
        env=person.env,
        stdout=asyncio.subprocess.PIPE,
    )
    assert following.stdout is not None
    async with asyncio.timeout(30):
        check = json.loads(await following.stdout.readline())
    assert (check["model"], check["measurement"]["outcome"]) == ("swift", "ok")
    following.send_signal(signal.SIGINT)
    assert await following.wait() == 130
    assert "swift" in await person.types("status")


async def one_field_at_a_time(person: Newcomer) -> None:
    """Whatever is edited, the key stays: the vendor still lets our checks in."""
    name = "Vendor/1: ü"
    host = person.vendor.url.replace("127.0.0.1", "localhost")
    for change in (
        ("--base-url", f"{host}/v1/"),
        ("--disable",),
        ("--enable", "--watch"),
        ("--name", "Vendor/2: ü"),
    ):
        await person.types("providers", "edit", name, *change)
    await person.types("models", "rename", "swift", "Fast: /ü.")
    checked = json.loads(await person.types("models", "check", "Fast: /ü.", "--json"))
    assert checked["measurement"]["evidence"]["http_status"] == 200
    assert "ok" in await person.types("providers", "test", "Vendor/2: ü")
    await person.types("providers", "edit", "Vendor/2: ü", "--key-env", "WRONG_KEY")
    assert "auth" in await person.types("models", "check", "Fast: /ü.", code=1)
    await person.types("providers", "edit", "Vendor/2: ü", "--key-env", "MY_KEY")
    await person.types("models", "check", "Fast: /ü.")


async def a_benchmark_of_ones_own(person: Newcomer) -> None:
    start = ("bench", "start", "Fast: /ü.", "org/big: 70b", "--prompt", "Wer da?")
    run = json.loads(await person.types(*start, "--runs", "3", "--name", "mine: /1", "--json"))
    assert (run["status"], run["result_count"], run["failed_count"]) == ("completed", 6, 0)
    exported = await person.types("bench", "export", "mine: /1", "--format", "csv")
    assert len(exported.splitlines()) == 7
    assert len(json.loads(await person.types("bench", "export", "mine: /1"))) == 6


async def what_is_wrong_is_told(person: Newcomer) -> None:
    for command, says in (
        (("bench", "start", "swift", "--pack", "none"), "unknown prompt pack 'none'"),
        (("bench", "start", "swift", "--runs", "5000"), "less than or equal to 1000"),
        (("providers", "add", "--type", "opnai", "--name", "x"), "did you mean openai"),
        (("status", "--range", "5x"), "'24h'"),
    ):
        await person.refused(*command, code=2, says=says)
    await person.refused("models", "watch", "swiftt", code=1, says="did you mean 'swift'?")
    await person.refused("status", "--token", "argus_wrong", code=3, says="arguslm login")
    assert "from 10s" in await person.types("models", "interval", "swift", "9s", code=2)


async def it_all_holds(person: Newcomer) -> None:
    data_dir = ("--data-dir", str(person.house.data_dir))

    async def answered() -> bool:
        code, out, _ = await run_arguslm("audit", "--json", *data_dir)
        return code == 0 and json.loads(out)["checks"] > 3

    await until(answered, "every check to be answered")
    for command in (("verify", "query-api"), ("rebuild", "query-api"), ("verify", "query-api")):
        await person.types(*command, *data_dir)
