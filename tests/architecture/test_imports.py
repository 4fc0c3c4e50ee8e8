"""The rules of the house: who may import whom, and how long a file may be."""

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIG = Path(__file__).with_name("importlinter.ini")
LONGEST_FILE = 400
SOURCES = sorted(
    path
    for folder in ("libs", "services")
    for path in (ROOT / folder).glob("*/src/**/*.py")
    if "__pycache__" not in path.parts
)
SERVICE_SOURCES = [path for path in SOURCES if path.is_relative_to(ROOT / "services")]


def package_of(path: Path) -> str:
    return path.parts[path.parts.index("src") + 1]


def imported(path: Path) -> set[str]:
    """Every module a file imports, wherever in the file it does."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def configured(contract: str, option: str) -> set[str]:
    parser = configparser.ConfigParser()
    parser.read(CONFIG)
    lines = parser[contract][option].split()
    return {line for line in lines if line not in ("|", ";")}


def test_imports_go_in_one_direction() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run(
        [str(linter), "--config", str(CONFIG), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_rules_know_every_package() -> None:
    packages = {package_of(path) for path in SOURCES}
    assert packages == configured("importlinter", "root_packages")
    assert packages == configured("importlinter:contract:rooms", "layers")


def test_the_rules_know_every_model() -> None:
    models = {f"{package_of(path)}.model" for path in SERVICE_SOURCES if path.name == "model.py"}
    assert models == configured("importlinter:contract:pure-models", "source_modules")


def test_services_leave_jetstream_to_the_bus() -> None:
    """They hold a connection and hand it on; what a stream does is the bus's business."""
    offenders = [
        str(path.relative_to(ROOT))
        for path in SERVICE_SOURCES
        if any(re.match(r"nats\.js\b", name) for name in imported(path))
        or ".jetstream(" in path.read_text()
    ]
    assert offenders == []


def test_only_the_door_listens() -> None:
    servers = {"fastapi", "starlette", "uvicorn", "websockets"}
    listening = {
        package_of(path)
        for path in SERVICE_SOURCES
        if servers & {name.split(".")[0] for name in imported(path)}
    }
    assert listening == {"arguslm_query_api"}


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    too_long = {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE}
    assert too_long == {}, "these want to be two files"
