"""The dashboard's files: in the wheel, built in the checkout, or to be built now."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

_PACKAGED = Path(__file__).parent / "dashboard_files"
_SOURCES = ("src", "index.html", "package.json", "vite.config.ts", "openapi.json", "public")
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
    built = frontend / "dist"
    if _is_current(frontend, built):
        return built
    npm = shutil.which("npm")
    if npm is None:
        if (built / "index.html").exists():
            say("Node.js is not installed: serving the dashboard as it was built last")
            return built
        say("Node.js 20 is not installed: no dashboard, the API alone (see https://nodejs.org)")
        return None
    return await _build(npm, frontend, say)


def _checkout() -> Path | None:
    for parent in Path(__file__).parents:
        if (parent / "frontend" / "package.json").exists():
            return parent / "frontend"
    return None


def _is_current(frontend: Path, built: Path) -> bool:
    index = built / "index.html"
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


async def _build(npm: str, frontend: Path, say: Say) -> Path | None:
    say("building the dashboard (once; about a minute)")
    steps = [["run", "build"]]
    if not (frontend / "node_modules" / ".package-lock.json").exists():
        steps.insert(0, ["ci", "--no-audit", "--no-fund"])
    for step in steps:
        say(f"  npm {' '.join(step[:2])}")
        process = await asyncio.create_subprocess_exec(
            npm,
            *step,
            cwd=frontend,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode != 0:
            last = output.decode(errors="replace").strip().splitlines()[-5:]
            say("the dashboard could not be built; the API alone. npm said:")
            for line in last:
                say(f"  {line}")
            return None
    return frontend / "dist"
