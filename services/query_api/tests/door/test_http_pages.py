"""What browsers load from here: the dashboard, the API's documentation, and their headers."""

from pathlib import Path

import pytest
from running_door import API, RunningDoor, running_door

from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests


async def test_browsers_are_told_what_our_pages_may_do(house: RunningDoor) -> None:
    for path in ("/health", f"{API}/models", "/docs"):
        headers = (await house.admin.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] in ("no-store",)
        assert "server" not in headers


async def test_the_docs_are_served_from_here_without_inline_script(house: RunningDoor) -> None:
    for path in ("/docs", "/redoc"):
        page = (await house.admin.get(path)).text
        assert "<script>" not in page
        assert "http://" not in page
        assert "https://" not in page
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js"):
        asset = await house.admin.get(f"/docs/assets/{name}")
        assert asset.status_code == 200
        assert len(asset.content) > 100_000
    assert (await house.admin.get("/docs/assets/..%2f..%2fx")).status_code in (404, 422)


@pytest.fixture
def dashboard(tmp_path: Path) -> Path:
    directory = tmp_path / "dist"
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text("<!doctype html><title>Argus</title>")
    (directory / "assets" / "app-1a2b.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("planted")
    return directory


async def test_the_dashboard_is_served_for_every_view_of_it(
    bus: BusForTests, tmp_path: Path, dashboard: Path
) -> None:
    storage = StorageSettings(data_dir=tmp_path / "data")
    async with running_door(bus, storage, dashboard_dir=dashboard) as house:
        browser = house.client()
        browser.headers["Accept"] = "text/html"
        for path in ("/", "/models/abc", "/login"):
            page = await browser.get(path)
            assert page.status_code == 200, path
            assert "Argus" in page.text
            assert page.headers["Cache-Control"] == "no-cache"
        asset = await browser.get("/assets/app-1a2b.js")
        assert "immutable" in asset.headers["Cache-Control"]
        assert (await house.client().get("/assets/gone.js")).status_code == 404
        for path in (
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
        ):
            assert "planted" not in (await browser.get(path)).text
        assert (await browser.get(f"{API}/models")).status_code == 401
        assert (await house.admin.get(f"{API}/nothing")).status_code == 404
