"""Subjects match as the bus matches them, and each has one home."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arguslm_contracts.subjects import matches, stream_of

TOKENS = st.text("abc-1", min_size=1, max_size=3)
SUBJECTS = st.lists(TOKENS, min_size=1, max_size=5).map(".".join)


@st.composite
def patterns(draw: st.DrawFn) -> str:
    tokens = draw(st.lists(st.one_of(TOKENS, st.just("*")), min_size=1, max_size=5))
    return ".".join([*tokens, ">"] if draw(st.booleans()) else tokens)


def as_regex(pattern: str) -> re.Pattern[str]:
    """The same meaning, said in another language."""
    parts = [
        {"*": r"[^.]+", ">": r".+"}.get(token, re.escape(token)) for token in pattern.split(".")
    ]
    return re.compile(r"\.".join(parts))


@given(patterns(), SUBJECTS)
def test_matching_agrees_with_its_definition(pattern: str, subject: str) -> None:
    assert matches(pattern, subject) == bool(as_regex(pattern).fullmatch(subject))


@given(SUBJECTS, st.data())
def test_a_pattern_made_from_a_subject_matches_it(subject: str, data: st.DataObject) -> None:
    tokens = subject.split(".")
    starred = data.draw(st.sets(st.integers(0, len(tokens) - 1)))
    pattern = ".".join("*" if i in starred else token for i, token in enumerate(tokens))
    assert matches(pattern, subject)
    cut = data.draw(st.integers(0, len(tokens) - 1))
    assert matches(".".join([*tokens[:cut], ">"]), subject)


@given(SUBJECTS)
def test_a_tail_needs_at_least_one_token(subject: str) -> None:
    assert matches(">", subject)
    assert not matches(f"{subject}.>", subject)
    assert not matches(f"{subject}.*", subject)


@pytest.mark.parametrize(
    ("subject", "stream"),
    [
        ("check.requested.local.1", "CHECK_REQUESTS"),
        ("check.completed.local.1", "CHECKS"),
        ("discovery.completed.1", "CHECKS"),
        ("clock.ticked.second", "CLOCK"),
        ("api-key.created.1", "ACCOUNTS"),
        ("account.session-ended.1", "ACCOUNTS"),
        ("channel.created.1", "REGISTRY"),
        ("dead.prober.CHECK_REQUESTS.9", "DEAD_LETTERS"),
    ],
)
def test_a_subject_has_its_stream(subject: str, stream: str) -> None:
    assert stream_of(subject).name == stream


@pytest.mark.parametrize("subject", ["check.completed", "weather.changed.1", "checks.completed.x"])
def test_a_subject_that_no_stream_keeps_is_refused(subject: str) -> None:
    with pytest.raises(LookupError, match=subject):
        stream_of(subject)
