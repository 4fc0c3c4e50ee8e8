"""The dashboard is built once, by one at a time, and an old one is better than none."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from arguslm_launcher.dashboard import built_dashboard
from arguslm_testkit.house import until

BUILDS = """#!/bin/sh
echo "$@" >> runs
sleep 0.3
mkdir -p dist node_modules && echo built > dist/index.html && touch node_modules/.package-lock.json
"""
FAILS = "#!/bin/sh\necho 'error TS2305: no such member'\nexit 2\n"
HANGS = "#!/bin/sh\nsleep 600 &\necho $! > sleeper\nwait\n"


@pytest.fixture
def frontend(tmp_path: Path) -> Path:
    directory = tmp_path / "frontend"
    (directory / "src").mkdir(parents=True)
    for name in ("index.html", "package.json", "vite.config.ts", "openapi.json", "src/main.tsx"):
        (directory / name).write_text("")
    return directory


def npm(frontend: Path, script: str) -> str:
    program = frontend / "npm"
    program.write_text(script)
    program.chmod(0o755)
    return str(program)


async def build(frontend: Path, npm: str | None) -> tuple[Path | None, str]:
    said: list[str] = []
    return await built_dashboard(frontend, npm, said.append), "\n".join(said)


async def test_it_is_installed_and_built_once(frontend: Path) -> None:
    program = npm(frontend, BUILDS)
    assert (await build(frontend, program))[0] == frontend / "dist"
    assert await build(frontend, program) == (frontend / "dist", "")
    assert (frontend / "runs").read_text() == "ci --no-audit --no-fund\nrun build\n"


async def test_changed_sources_are_built_again(frontend: Path) -> None:
    program = npm(frontend, BUILDS)
    await build(frontend, program)
    long_ago = (frontend / "src" / "main.tsx").stat().st_mtime - 60
    os.utime(frontend / "dist" / "index.html", (long_ago, long_ago))
    await build(frontend, program)
    assert (frontend / "runs").read_text().count("run build") == 2


async def test_two_starts_at_once_build_once(frontend: Path) -> None:
    """Two processes, as two people on one checkout: the second waits, and takes the same files."""
    npm(frontend, BUILDS)
    program = (
        "import asyncio; from pathlib import Path;"
        "from arguslm_launcher.dashboard import built_dashboard;"
        f"d = Path({str(frontend)!r});"
        "print(asyncio.run(built_dashboard(d, str(d / 'npm'), print)))"
    )
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [(await one.communicate())[0].decode() for one in both]
    assert all(text.strip().endswith(str(frontend / "dist")) for text in said)
    assert sum("waiting for it" in text for text in said) == 1
    assert (frontend / "runs").read_text().count("run build") == 1


async def test_a_build_that_fails_says_why_and_serves_the_last_one(frontend: Path) -> None:
    program = npm(frontend, FAILS)
    directory, said = await build(frontend, program)
    assert directory is None
    assert "TS2305" in said
    assert "the API alone" in said
    (frontend / "dist").mkdir()
    (frontend / "dist" / "index.html").write_text("old")
    os.utime(frontend / "dist" / "index.html", (0, 0))
    directory, said = await build(frontend, program)
    assert directory == frontend / "dist"
    assert "as it was built last" in said


async def test_without_node_it_says_so(frontend: Path) -> None:
    directory, said = await build(frontend, None)
    assert directory is None
    assert "Node.js 20 is not installed" in said


async def test_an_interrupted_build_leaves_nothing_running(frontend: Path) -> None:
    building = asyncio.create_task(build(frontend, npm(frontend, HANGS)))
    sleeper = frontend / "sleeper"

    async def runs() -> bool:
        return sleeper.exists() and bool(sleeper.read_text().strip())

    await until(runs, "npm to run")
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    pid = int(sleeper.read_text())

    async def gone() -> bool:
        status = Path(f"/proc/{pid}/status")
        return not status.exists() or "State:\tZ" in status.read_text()

    await until(gone, "what npm had started to end")
