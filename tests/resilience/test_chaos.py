"""Two minutes of chaos: the short form of `just chaos`, on what replicas share."""

import sys
from pathlib import Path

import pytest
from chaos import Options, run, show

# A minute of faults, and whatever a busy machine needs to start and to settle.
_AT_MOST_S = 1_500
_SHORT = Options(seed=7, minutes=1.0, checks_per_s=50, database="postgresql")


@pytest.mark.timeout(_AT_MOST_S)
async def test_nothing_is_lost_or_doubled_whatever_dies(tmp_path: Path) -> None:
    """The same faults each time: new ones are for `just chaos`."""

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")

    report = await run(_SHORT, tmp_path / "chaos", say)
    assert report.broken == [], show(report)
    assert len(report.done) > 5
    assert report.alerts > 0
