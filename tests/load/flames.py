"""Flame graphs of the programs that benchmarks run, by py-spy."""

import html
import re
from collections.abc import Sequence
from pathlib import Path

_FRAME = re.compile(r"<title>(.+?) \(([\d,]+) samples?, ([\d.]+)%\)</title>")
_WIDEST = 24


def under_py_spy(command: Sequence[str], graph: Path, *options: str) -> list[str]:
    """The command that runs another one, looks where it is 100 times a second, and draws it."""
    graph.parent.mkdir(parents=True, exist_ok=True)
    looking = ["uv", "tool", "run", "py-spy", "record", "--rate", "100", "--nolineno", *options]
    return [*looking, "--format", "flamegraph", "--output", str(graph), "--", *command]


def describe(graph: Path) -> str:
    """The widest frames and their shares; of a frame that stands in several places, the widest."""
    shares: dict[str, float] = {}
    for name, _, percent in _FRAME.findall(graph.read_text()):
        frame = html.unescape(name)
        shares[frame] = max(shares.get(frame, 0.0), float(percent))
    widest = sorted(shares.items(), key=lambda one: -one[1])[:_WIDEST]
    lines = [f"    {percent:5.1f} %  {frame}" for frame, percent in widest]
    return "\n".join([f"flame graph in {graph}; its widest frames:", *lines])
