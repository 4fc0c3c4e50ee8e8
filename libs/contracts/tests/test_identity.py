"""Ids follow from what they name: equal things get equal ids, other things other ids."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arguslm_contracts.identity import check_location, derive, model_uuid

PROVIDER = UUID("0f6a7a52-6a3b-4a3e-9c0e-3a2f5f0c9b11")


def test_ids_are_the_same_for_ever() -> None:
    assert derive("check", PROVIDER, "local", 1) == UUID("632da1c7-8be4-5093-b0de-889c7f3d0177")
    assert model_uuid(PROVIDER, "llama3:8b") == UUID("929c6f59-f8aa-5b3f-84f8-5ee5b791bd0c")


@given(st.lists(st.text("ab:/", max_size=3), min_size=1, max_size=3))
def test_parts_are_told_apart(parts: list[str]) -> None:
    assert derive(*parts) == derive(*parts)
    assert derive(*parts) != derive(*parts, "")
    assert derive(*parts, "ab") != derive(*parts, "a", "b")


def test_the_same_name_at_another_provider_is_another_model() -> None:
    assert model_uuid(PROVIDER, "gpt-4.1") != model_uuid(derive("provider", 2), "gpt-4.1")


@pytest.mark.parametrize("name", ["local", "eu-west-1", "4", "a" * 63])
def test_a_location_is_one_token(name: str) -> None:
    assert check_location(name) == name


@pytest.mark.parametrize("name", ["", "eu.west", "EU", "*", ">", "a b", "-x", "a" * 64, "a\n"])
def test_what_would_break_a_subject_is_no_location(name: str) -> None:
    with pytest.raises(ValueError, match="location"):
        check_location(name)
