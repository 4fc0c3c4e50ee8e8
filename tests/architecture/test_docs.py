"""What people read points to what exists."""

import re
from pathlib import Path

import pytest

from arguslm_bus.retention import RetentionSettings
from arguslm_contracts.permissions import SERVICES
from arguslm_launcher.settings_check import settings_class

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OPERATIONS = ROOT / "docs" / "operations.md"
# Read by the client and the command line, not by a service.
OF_THE_CLIENT = {"ARGUSLM_BASE_URL", "ARGUSLM_API_KEY"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def variables_of_services() -> set[str]:
    """Of the services, and of whoever makes the streams."""
    fields = set(RetentionSettings.model_fields)
    for user in SERVICES:
        fields |= set(settings_class(user.name).model_fields)
    return {f"ARGUSLM_{name.upper()}" for name in fields}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]
    missing = [link for link in local if not (page.parent / link).exists()]
    assert missing == []


def test_every_setting_is_explained() -> None:
    explained = set(re.findall(r"`(ARGUSLM_[A-Z_]+)`", OPERATIONS.read_text()))
    assert variables_of_services() <= explained


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"\b(ARGUSLM_[A-Z_]+)\b", page.read_text()))
    assert named <= variables_of_services() | OF_THE_CLIENT


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_recipe_that_is_named_exists(page: Path) -> None:
    recipes = set(re.findall(r"^([a-z-]+)(?: \*\w+)?:", (ROOT / "justfile").read_text(), re.M))
    named = set(re.findall(r"\bjust ([a-z][a-z-]+)", "\n".join(code_in(page))))
    assert named <= recipes


def code_in(page: Path) -> list[str]:
    text = page.read_text()
    return re.findall(r"`[^`\n]+`", text) + re.findall(r"```.*?```", text, re.S)


def test_every_decision_is_listed() -> None:
    directory = ROOT / "docs" / "decisions"
    listed = re.findall(r"\((\d{4}-[a-z-]+\.md)\)", (directory / "README.md").read_text())
    assert listed == sorted(path.name for path in directory.glob("[0-9]*.md"))
