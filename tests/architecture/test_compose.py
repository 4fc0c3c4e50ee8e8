"""docker-compose.yml: valid by the official schema, and true to the code it starts.

No container engine is needed: what the images' programs read is checked against the programs.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from compose_file import (
    COMPOSE,
    CONTAINERS,
    DOCKERFILE,
    OURS,
    ROOT,
    environment,
    image_environment,
    mounts,
    waits_for,
)
from pydantic_settings import BaseSettings
from starlette.datastructures import MutableHeaders

from arguslm_bus.settings import BusSettings
from arguslm_launcher.compose_setup import BUS_STORE, IMAGE_USER, write_secrets
from arguslm_launcher.settings_check import settings_class
from arguslm_query_api.http.paths import GUARDED
from arguslm_query_api.http.security_headers import set_security_headers
from arguslm_storage.settings import StorageSettings

ONCE = {"setup", "topology"}
TOOLS = {name for name, container in CONTAINERS.items() if "tools" in container.get("profiles", [])}
LASTING = sorted(CONTAINERS.keys() - ONCE - TOOLS)
NGINX = (ROOT / "infra/nginx/dashboard.conf").read_text()
SECRET_NAME = re.compile(r"(PASSWORD|KEY|SECRET|TOKEN|CREDENTIAL)S?$")


class ToolSettings(BusSettings, StorageSettings):
    """What the tools' commands read."""


def settings_of(name: str) -> type[BaseSettings]:
    return settings_class(name) if name in OURS else ToolSettings


def test_valid_by_the_compose_specification() -> None:
    run = subprocess.run(
        [
            sys.executable,
            *("-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"),
            str(ROOT / "docker-compose.yml"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_service_has_its_container_and_its_image() -> None:
    for name in OURS:
        assert CONTAINERS[name]["image"] == f"arguslm/{name}"
        assert CONTAINERS[name]["build"]["args"] == {"PACKAGE": f"arguslm-{name}"}
    assert set(LASTING) == {*OURS, "nats", "postgres", "dashboard"}


def test_images_are_built_from_packages_that_have_the_program() -> None:
    programs = {}
    for file in (*ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")):
        project = tomllib.loads(file.read_text())["project"]
        programs[project["name"]] = set(project.get("scripts", {}))
    # The launcher's own package brings the SDK's `arguslm`.
    programs["arguslm-launcher"] |= programs["arguslm"]
    for name, container in CONTAINERS.items():
        build = container.get("build", {})
        if build.get("dockerfile") == "infra/images/Dockerfile":
            arguments = build["args"]
            program = arguments.get("PROGRAM", arguments["PACKAGE"])
            assert program in programs[arguments["PACKAGE"]], name
        elif build:
            assert (ROOT / build["dockerfile"]).exists()


def test_only_the_dashboard_is_published_and_on_loopback() -> None:
    published = {name: c["ports"] for name, c in CONTAINERS.items() if "ports" in c}
    assert published == {"dashboard": ["127.0.0.1:3000:8080"]}
    assert environment("query-api")["ARGUSLM_PUBLIC_URL"] == "http://127.0.0.1:3000"
    assert all(c.get("network_mode", "none") == "none" for c in CONTAINERS.values())


@pytest.mark.parametrize("name", CONTAINERS)
def test_no_secret_in_clear(name: str) -> None:
    for variable, value in environment(name).items():
        if SECRET_NAME.search(variable):
            assert value is None, f"{variable}: from a file, or from the shell"
        assert not re.search(r"://[^/@]*:[^/@]*@", value or ""), f"{variable} holds a password"


@pytest.mark.parametrize("name", [*OURS, "topology", "login", "arguslm"])
def test_a_container_understands_its_environment(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = settings_of(name)
    given = {**image_environment(), **environment(name)} if name in OURS else environment(name)
    known = {f"ARGUSLM_{field.upper()}" for field in kind.model_fields}
    ours = {variable: value for variable, value in given.items() if value is not None}
    assert {variable for variable in ours if variable.startswith("ARGUSLM_")} <= known
    for variable, value in ours.items():
        monkeypatch.setenv(variable, value)
    assert kind()


def test_who_has_tables_gets_the_database_and_waits_for_it() -> None:
    for name in OURS:
        has_tables = (ROOT / f"services/{name.replace('-', '_')}/src").glob("*/migrations")
        expected = "service_healthy" if any(has_tables) else None
        assert waits_for(name).get("postgres") == expected, name
        assert ("ARGUSLM_DATABASE_URL" in environment(name)) == (expected is not None), name


def test_nothing_starts_before_what_it_needs() -> None:
    for name in OURS:
        assert waits_for(name)["topology"] == "service_completed_successfully"
    assert waits_for("topology") == {"nats": "service_healthy"}
    for name in ("nats", "postgres"):
        assert waits_for(name) == {"setup": "service_completed_successfully"}
    assert waits_for("dashboard") == {"query-api": "service_healthy"}
    for name in CONTAINERS:
        assert waits_for(name).keys() <= CONTAINERS.keys()


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_watched_restarted_and_without_privileges(name: str) -> None:
    container = CONTAINERS[name]
    assert container["restart"] == "unless-stopped"
    assert container["security_opt"] == ["no-new-privileges:true"]
    if "build" in container:
        assert "HEALTHCHECK" in (ROOT / container["build"]["dockerfile"]).read_text()
    else:
        assert container["healthcheck"]["test"][0] == "CMD"
    if name != "postgres":  # its image starts as root, and leaves it by itself
        assert container["cap_drop"] == ["ALL"]
        assert "cap_add" not in container


def test_setup_fills_exactly_the_volumes_that_are_mounted(tmp_path: Path) -> None:
    write_secrets(tmp_path, None)
    written = {path.name for path in tmp_path.iterdir()}
    targets = {Path(path).name: volume for volume, path in mounts("setup").items()}
    assert targets.keys() == written
    for name in OURS:
        assert mounts(name) == {targets[name]: "/var/lib/arguslm"}, "its own secrets, no others"
    for name in ("topology", "login", "arguslm"):
        assert mounts(name) == {"operator": "/var/lib/arguslm"}
    assert mounts("nats") == {
        targets["nats"]: "/etc/arguslm",
        targets["nats-store"]: str(BUS_STORE),
    }
    assert mounts("postgres")[targets["postgres"]] == "/run/arguslm"


def test_files_are_where_the_settings_say(tmp_path: Path) -> None:
    write_secrets(tmp_path, None)
    for name in [*OURS, "operator"]:
        container = "arguslm" if name == "operator" else name
        for variable, value in environment(container).items():
            if variable.endswith("_FILE"):
                inside = Path(value or "").relative_to("/var/lib/arguslm")
                assert (tmp_path / name / inside).exists(), f"{container}: {variable}"
    password = Path(environment("postgres")["POSTGRES_PASSWORD_FILE"] or "")
    assert (tmp_path / "postgres" / password.relative_to("/run/arguslm")).exists()
    command = CONTAINERS["nats"]["command"]
    config = Path(command[command.index("--config") + 1])
    assert (tmp_path / "nats" / config.relative_to("/etc/arguslm")).exists()


def test_volumes_and_networks_are_declared_and_used() -> None:
    mounted = {volume for name in CONTAINERS for volume in mounts(name)}
    assert mounted == set(COMPOSE["volumes"])
    joined = {network for c in CONTAINERS.values() for network in c.get("networks", [])}
    assert joined == set(COMPOSE["networks"])


def test_who_must_talk_shares_a_network() -> None:
    def networks(name: str) -> set[str]:
        return set(CONTAINERS[name].get("networks", []))

    for name in [*OURS, "topology", "arguslm"]:
        assert networks(name) & networks("nats"), name
        if "ARGUSLM_DATABASE_URL" in environment(name):
            assert networks(name) & networks("postgres"), name
    for name in ("dashboard", "login"):
        assert networks(name) & networks("query-api"), name
    assert not networks("dashboard") & (networks("nats") | networks("postgres"))


def test_one_user_everywhere() -> None:
    assert f"--uid {IMAGE_USER} " in DOCKERFILE
    assert f"--gid {IMAGE_USER} " in DOCKERFILE
    assert CONTAINERS["nats"]["user"] == f"{IMAGE_USER}:{IMAGE_USER}"


def test_the_image_asks_the_port_that_it_sets() -> None:
    port = image_environment()["ARGUSLM_OPS_PORT"]
    assert f"'127.0.0.1', {port}" in DOCKERFILE
    assert f"EXPOSE {port}" in DOCKERFILE


def test_nginx_passes_everything_on_that_the_api_answers() -> None:
    port = environment("query-api")["ARGUSLM_PORT"]
    assert f"http://query-api:{port};" in NGINX
    found = re.search(r"location ~ (\S+) \{", NGINX)
    assert found is not None
    passed_on = re.compile(found[1])
    for path in (*GUARDED, "/health", "/api/v1/checks/stream", "/docs/assets/swagger-ui.css"):
        assert passed_on.match(path), path
    for path in ("/", "/providers", "/assets/index.js", "/healthy", "/apis"):
        assert not passed_on.match(path), path
    assert re.search(r"proxy_pass \$query_api;", NGINX), "without a path: it is passed on as it is"


def test_nginx_sends_the_headers_that_the_api_would_send() -> None:
    headers = MutableHeaders()
    set_security_headers(headers, {"type": "http", "path": "/", "scheme": "http"})
    sent = {
        name.lower(): value.strip('"')
        for name, value in re.findall(r'add_header (\S+) ("[^"]*"|\S+) always;', NGINX)
    }
    assert sent == {name: value for name, value in headers.items() if name != "cache-control"}
