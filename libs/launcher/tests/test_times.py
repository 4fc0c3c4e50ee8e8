"""A time as a person writes it."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from arguslm_launcher.commands.options import check_order, moment


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-27", datetime(2026, 11, 27).astimezone()),
        ("2026-11-27T07:00", datetime(2026, 11, 27, 7).astimezone()),
        ("2026-11-27 07:00:05", datetime(2026, 11, 27, 7, 0, 5).astimezone()),
        ("2026-11-27T07:00Z", datetime(2026, 11, 27, 7, tzinfo=UTC)),
        ("2026-11-27T07:00:00+02:00", datetime(2026, 11, 27, 5, tzinfo=UTC)),
    ],
)
def test_a_time_is_this_machines_or_has_an_offset(said: str, meant: datetime) -> None:
    assert moment(said) == meant


@pytest.mark.parametrize(
    ("said", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("3w", timedelta(weeks=3)),
    ],
)
def test_a_time_may_be_how_long_ago(said: str, ago: timedelta) -> None:
    before = datetime.now(UTC)
    assert before - ago <= moment(said) <= datetime.now(UTC) - ago


@pytest.mark.parametrize("said", ["yesterday", "", "5", "m", "-5m", "9999999999999d", "2026-02-30"])
def test_what_is_no_time_is_told_how_to_write_one(said: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no time: write it 2026-11-27, "):
        moment(said)


def test_the_end_comes_behind_the_beginning() -> None:
    check_order(moment("2h"), moment("1h"))
    check_order(None, moment("1h"))
    with pytest.raises(typer.BadParameter, match="--since has to be before --until"):
        check_order(moment("1h"), moment("2h"))
