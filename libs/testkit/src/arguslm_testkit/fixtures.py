"""pytest fixtures: `bus`, `postgres`, and `storage` on both databases."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests, running_bus
from arguslm_testkit.postgres import PostgresForTests


def pytest_configure() -> None:
    """A logged exception is shown as Python shows it: structlog's own picture of every local
    variable takes seconds of the event loop."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    )


@pytest.fixture(autouse=True)
def own_logs_end_with_their_test() -> Iterator[None]:
    """A program under test has sent all logs to a stream that is closed with the test."""
    yield
    root = logging.getLogger()
    if any(type(handler) is logging.StreamHandler for handler in root.handlers):
        root.handlers = [one for one in root.handlers if type(one) is not logging.StreamHandler]
        root.setLevel(logging.WARNING)
        structlog.reset_defaults()
        pytest_configure()


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[BusForTests]:
    async with running_bus(tmp_path / "nats") as running:
        yield running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresForTests]:
    server = PostgresForTests(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> StorageSettings:
    """Settings of an empty database; every test that uses it runs on both."""
    if request.param == "sqlite":
        return StorageSettings(data_dir=tmp_path / "data", database_url=None)
    server: PostgresForTests = request.getfixturevalue("postgres")
    url = await server.new_database()
    return StorageSettings(data_dir=tmp_path / "data", database_url=SecretStr(url))
