"""The dashboard's files: in the wheel, built in the checkout, or to be built now."""

import asyncio
import fcntl
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

_PACKAGED = Path(__file__).parent / "dashboard_files"
_SOURCES = ("src", "index.html", "package.json", "vite.config.ts", "openapi.json", "public")
_LOCK_FILE = ".build.lock"
_LOCK_POLL_S = 0.2
Say = Callable[[str], None]


async def dashboard_dir(say: Say) -> Path | None:
    """The directory to serve, building it first where it is missing or older than its sources.

    None when there is none and none can be built; `say` has then told why.
    """
    frontend = _checkout()
    if frontend is None:
        if (_PACKAGED / "index.html").exists():
            return _PACKAGED
        say("this installation holds no dashboard: the API alone")
        return None
    return await built_dashboard(frontend, shutil.which("npm"), say)


async def built_dashboard(frontend: Path, npm: str | None, say: Say) -> Path | None:
    """The built files of a checkout. One build at a time: who comes second takes what the first
    has built."""
    if _is_current(frontend):
        return frontend / "dist"
    if npm is None:
        return _last_build(frontend, "Node.js 20 is not installed (see https://nodejs.org)", say)
    try:
        async with _alone_in(frontend, say):
            if _is_current(frontend) or await _build(npm, frontend, say):
                return frontend / "dist"
    except OSError as error:
        say(f"{frontend}: {error.strerror}")
    return _last_build(frontend, "the dashboard could not be built", say)


def _last_build(frontend: Path, trouble: str, say: Say) -> Path | None:
    if (frontend / "dist" / "index.html").exists():
        say(f"{trouble}: serving it as it was built last")
        return frontend / "dist"
    say(f"{trouble}: no dashboard, the API alone")
    return None


def _checkout() -> Path | None:
    for parent in Path(__file__).parents:
        if (parent / "frontend" / "package.json").exists():
            return parent / "frontend"
    return None


def _is_current(frontend: Path) -> bool:
    index = frontend / "dist" / "index.html"
    if not index.exists():
        return False
    newest = max(_modified(frontend / source) for source in _SOURCES)
    return index.stat().st_mtime >= newest


def _modified(path: Path) -> float:
    """When a file, or the newest file below a directory, was changed; generated code aside."""
    if path.is_file():
        return path.stat().st_mtime
    files = (f for f in path.rglob("*") if f.is_file() and "generated" not in f.parts)
    return max((file.stat().st_mtime for file in files), default=0.0)


@asynccontextmanager
async def _alone_in(frontend: Path, say: Say) -> AsyncIterator[None]:
    """Held across processes; given free by the system when its holder ends, however it ends."""
    with (frontend / _LOCK_FILE).open("w") as lock:
        waiting = False
        while not _locked(lock.fileno()):
            if not waiting:
                say("the dashboard is being built by another start; waiting for it")
                waiting = True
            await asyncio.sleep(_LOCK_POLL_S)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _build(npm: str, frontend: Path, say: Say) -> bool:
    say("building the dashboard (once; about a minute)")
    steps = [["run", "build"]]
    if not (frontend / "node_modules" / ".package-lock.json").exists():
        steps.insert(0, ["ci", "--no-audit", "--no-fund"])
    for step in steps:
        say(f"  npm {' '.join(step[:2])}")
        code, output = await _run([npm, *step], frontend)
        if code != 0:
            say("npm failed, and said at last:")
            for line in output.strip().splitlines()[-5:]:
                say(f"  {line}")
            return False
    return True


async def _run(command: list[str], directory: Path) -> tuple[int, str]:
    """Exit code and output; npm and all that it started end with us when we are cancelled."""
    starting = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *command,
            cwd=directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    )
    try:
        # Cancelled while it starts, it would leave behind what it has started in turn.
        process = await asyncio.shield(starting)
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process = await starting
        os.killpg(process.pid, signal.SIGTERM)
        await process.wait()
        raise
    return process.returncode or 0, output.decode(errors="replace")
