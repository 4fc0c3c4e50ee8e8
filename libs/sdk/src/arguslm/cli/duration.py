"""Durations as people write them."""

import re

import typer

_DURATION = re.compile(r"(\d+)(s|m|h|d)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, None: 1}
_SHORTEST_S, _LONGEST_S = 10, 86_400


def duration_s(text: str) -> int:
    """`30`, `30s`, `5m`, `1h` or `1d` in seconds.

    Raises:
        BadParameter: it is none of these.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r}: write 30s, 5m or 1h")
    return int(found[1]) * _SECONDS[found[2]]


def check_interval_s(text: str) -> int:
    """A duration at which a model may be checked.

    Raises:
        BadParameter: it is no duration, or too short or too long.
    """
    wanted = duration_s(text)
    if not _SHORTEST_S <= wanted <= _LONGEST_S:
        raise typer.BadParameter(f"{text!r}: from 10s to 24h")
    return wanted
