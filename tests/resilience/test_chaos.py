"""Two minutes of chaos: the short form of `just chaos`, on each database."""

import sys
from pathlib import Path

import pytest
from chaos import Options, run, show

# One run costs its fault minute, and whatever a busy machine needs to start and to settle.
_AT_MOST_S = 1_500


@pytest.mark.timeout(_AT_MOST_S)
@pytest.mark.parametrize(("seed", "database"), [(6, "sqlite"), (7, "postgresql")])
async def test_nothing_is_lost_or_doubled_whatever_dies(
    seed: int, database: str, tmp_path: Path
) -> None:
    """The same faults each time: new ones are for `just chaos`."""

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")

    report = await run(Options(seed, 1.0, 10, database), tmp_path / "chaos", say)
    assert report.broken == [], show(report)
    assert len(report.done) > 5
    assert report.alerts > 0
