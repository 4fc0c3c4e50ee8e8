"""Settings come from the environment as people write them."""

import pytest
from pydantic import ValidationError

from arguslm_scheduler.settings import Settings


def test_locations_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().locations == ("local",)
    monkeypatch.setenv("ARGUSLM_LOCATIONS", "local, tokyo,local")
    assert Settings().locations == ("local", "tokyo")


@pytest.mark.parametrize("wrong", ["a b", "eu.west", "*"])
def test_what_cannot_be_part_of_a_subject_is_no_location(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("ARGUSLM_LOCATIONS", wrong)
    with pytest.raises(ValidationError, match="location"):
        Settings()
