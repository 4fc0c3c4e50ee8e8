"""Garbage is looked for when nobody measures."""

import gc
import time

import pytest

from arguslm_llm.quiet_collector import QuietCollector


@pytest.fixture
def collected(monkeypatch):
    """How often everything was looked through."""
    times = []
    monkeypatch.setattr(gc, "collect", lambda: times.append(1))
    return times


def test_a_collection_waits_until_nobody_measures_but_not_for_ever(monkeypatch, collected):
    now_s = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    collector = QuietCollector()
    with collector.measuring():
        pass
    assert collected == []  # too soon after the last
    now_s = 61
    with collector.measuring():
        with collector.measuring():
            pass
        assert collected == []
    assert len(collected) == 1
    now_s = 700
    with collector.measuring():
        with collector.measuring():
            pass
        assert len(collected) == 2


def test_after_the_take_over_only_the_young_are_collected_by_themselves():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        QuietCollector().take_over()
        assert gc.get_freeze_count() > frozen
        generation_2 = gc.get_stats()[2]["collections"]
        kept = [[] for _ in range(200_000)]
        assert gc.get_stats()[2]["collections"] == generation_2
        assert len(kept) == 200_000
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
