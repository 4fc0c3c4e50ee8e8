"""Children are started again when they die, and stopped in order when we say so."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from arguslm_launcher.supervisor import Child, Supervisor
from arguslm_testkit.house import runs, until

STAYS = "import signal, time; print('up', flush=True); time.sleep(600)"


def child(tmp_path: Path, name: str, program: str) -> Child:
    return Child(name, [sys.executable, "-c", program], dict(os.environ), tmp_path / f"{name}.log")


async def test_a_killed_child_is_started_again_and_told_of(tmp_path: Path) -> None:
    started: list[int | None] = []
    supervisor = Supervisor(lambda one: started.append(one.pid))
    watched = child(tmp_path, "prober", STAYS)
    await supervisor.start(watched)
    assert watched.pid is not None
    os.kill(watched.pid, signal.SIGKILL)

    async def again() -> bool:
        return watched.restarts == 1 and len(started) == 2

    await until(again, "the child to be started again")
    assert len(set(started)) == 2
    await supervisor.stop(["prober"])
    assert watched.pid is None


async def test_a_child_that_ends_at_once_is_retried_slower_each_time(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda one: None)
    failing = child(tmp_path, "broken", "raise SystemExit('setting ARGUSLM_X: wrong')")
    await supervisor.start(failing)

    async def twice() -> bool:
        return failing.restarts >= 2

    await until(twice, "two restarts")
    assert failing.last_words() == "setting ARGUSLM_X: wrong"
    await supervisor.stop(["broken"])


async def test_children_stop_in_the_order_asked(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda one: None)
    children = [child(tmp_path, name, STAYS) for name in ("first", "second")]
    for one in children:
        await supervisor.start(one)
    await supervisor.stop(["second"])
    assert [one.pid is None for one in children] == [False, True]
    await supervisor.stop(["first"])
    assert children[0].pid is None


async def test_children_end_with_a_killed_launcher(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, sys; from pathlib import Path;"
        "from arguslm_launcher.supervisor import Child, Supervisor\n"
        "async def main():\n"
        "    s = Supervisor(lambda c: print(c.pid, flush=True))\n"
        f"    await s.start(Child('x', [sys.executable, '-c', {STAYS!r}], dict(os.environ),"
        f" Path({str(tmp_path / 'x.log')!r})))\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    launcher = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await launcher.communicate()
    orphan = int(out)

    async def gone() -> bool:
        return not runs(orphan)

    await until(gone, "the orphan to end")
