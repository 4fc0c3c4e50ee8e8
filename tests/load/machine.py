"""What a figure was measured on: without it, it says nothing."""

import importlib.metadata
import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from arguslm_launcher.nats_server import server_binary


def describe(libraries: Iterable[str]) -> list[str]:
    """Lines for the head of a report: the machine, how busy others keep it, and the versions."""
    memory_gb = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    server = subprocess.run(
        [server_binary(), "--version"], capture_output=True, text=True, check=True
    )
    versions = [f"{name} {importlib.metadata.version(name)}" for name in libraries]
    return [
        f"{_processor()}, {os.cpu_count()} cores, {memory_gb:.0f} GB, {platform.platform()}",
        f"load average before: {load}; write + fsync of 500 bytes: {fsync_ms():.2f} ms",
        f"Python {platform.python_version()}, {server.stdout.strip()}, "
        f"SQLite {sqlite3.sqlite_version}, {', '.join(versions)}",
    ]


def fsync_ms(times: int = 100) -> float:
    """The mean time of a small durable write in the temporary directory."""
    with tempfile.TemporaryDirectory() as directory, (Path(directory) / "x").open("wb") as file:
        began = time.perf_counter()
        for _ in range(times):
            file.write(b"x" * 500)
            file.flush()
            os.fsync(file.fileno())
        return (time.perf_counter() - began) / times * 1_000


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()
