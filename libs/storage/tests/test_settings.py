"""The database's password may stand in a file, and is never shown."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from arguslm_storage.database import open_database
from arguslm_storage.settings import StorageSettings


def settings(tmp_path: Path, url: str) -> StorageSettings:
    file = tmp_path / "database.password"
    file.write_text("p@ss/word:1\n")
    return StorageSettings(database_url=SecretStr(url), database_password_file=file)


async def test_the_password_comes_from_the_file(tmp_path: Path) -> None:
    url = "postgresql://arguslm@postgres:5432/arguslm"
    database = open_database("query-api", settings(tmp_path, url))
    assert database.engine.url.password == "p@ss/word:1"
    assert database.engine.url.drivername == "postgresql+asyncpg"
    assert (database.engine.url.host, database.engine.url.database) == ("postgres", "arguslm")
    assert "p@ss" not in repr(database.engine.url) + str(database.engine)


async def test_a_password_in_the_url_is_the_one_that_counts(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://arguslm:given@postgres/arguslm"
    database = open_database("query-api", settings(tmp_path, url))
    assert database.engine.url.password == "given"


def test_another_database_is_refused_without_repeating_the_url(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'mysql' is not supported") as caught:
        open_database("query-api", settings(tmp_path, "mysql://root:planted@db/arguslm"))
    assert "planted" not in str(caught.value)
