"""docker-compose.yml and the image's Dockerfile, as the tests ask for them."""

import re
from pathlib import Path
from typing import Any

import yaml

from arguslm_contracts.permissions import SERVICES

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "infra/images/Dockerfile").read_text()
OURS = [user.name for user in SERVICES]


def environment(name: str) -> dict[str, str | None]:
    """A container's own variables; None is taken from the shell."""
    found: dict[str, str | None] = CONTAINERS[name].get("environment", {})
    return found


def image_environment() -> dict[str, str]:
    """The variables of ours that the image sets."""
    return dict(re.findall(r"(ARGUSLM_\w+)=(\S+)", DOCKERFILE))


def mounts(name: str) -> dict[str, str]:
    """Volume -> path in the container."""
    pairs = (volume.split(":") for volume in CONTAINERS[name].get("volumes", []))
    return {pair[0]: pair[1] for pair in pairs}


def waits_for(name: str) -> dict[str, str]:
    """What a container waits for -> the condition."""
    return {on: how["condition"] for on, how in CONTAINERS[name].get("depends_on", {}).items()}
