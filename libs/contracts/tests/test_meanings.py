"""What stands in somebody's streams means for ever what it meant when it was written."""

import json

import pytest
from meanings import Meaning, changed, meaning_of, path_of
from record_samples import SAMPLES

RECORDED = {path.stem: json.loads(path.read_text()) for path in sorted(SAMPLES.glob("*.json"))}
CHANGED = "this changes what stored events mean: make it a new version, with an upcaster"


@pytest.mark.parametrize("event_type", RECORDED)
def test_a_stored_event_means_what_it_meant(event_type: str) -> None:
    path = path_of(event_type)
    assert path.exists(), "run record_samples.py and commit"
    before: Meaning = json.loads(path.read_text())
    assert changed(before, meaning_of(RECORDED[event_type])) == [], CHANGED


@pytest.mark.parametrize(
    ("now", "differences"),
    [
        ({".a": "integer 1", ".added": "text x"}, []),
        ({".a": "integer 2"}, ["with defaults.a: was integer 1, is integer 2"]),
        ({".a": "text 1"}, ["with defaults.a: was integer 1, is text 1"]),
        ({".renamed": "integer 1"}, ["with defaults.a: was integer 1, is gone"]),
    ],
)
def test_additions_pass_and_changes_do_not(now: dict[str, str], differences: list[str]) -> None:
    before = {"with defaults": {".a": "integer 1"}}
    assert changed(before, {"with defaults": now}) == differences
