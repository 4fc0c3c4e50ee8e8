"""The dashboard in a real browser, as a person uses it: by roles, names and what can be read."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from playwright.async_api import Page, async_playwright, expect

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class Dashboard:
    """One signed-in tab. `errors` are the page's own: exceptions and failed console calls."""

    def __init__(self, page: Page, origin: str) -> None:
        self._page = page
        self._origin = origin
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, login_url: str) -> AsyncIterator[Self]:
        """Open the one-time login link in headless Chromium."""
        chromium = shutil.which("chromium")
        assert chromium, "the system test needs Debian's chromium"
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            dashboard = cls(page, login_url.split("/login", maxsplit=1)[0])
            await page.goto(login_url)
            await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
            yield dashboard
            await browser.close()

    async def overview_shows(self, *models: str) -> None:
        await self._page.goto(f"{self._origin}/")
        for model in models:
            await expect(self._page.get_by_role("link", name=model).first).to_be_visible()

    async def model_page_has_charts(self, model: str) -> None:
        await self._page.goto(f"{self._origin}/")
        await self._page.get_by_role("link", name=model).first.click()
        await expect(self._page.get_by_role("heading", name=model)).to_be_visible()
        await expect(self._page.locator("canvas").first).to_be_visible()

    async def alerts_show(self, model: str) -> None:
        await self._page.goto(f"{self._origin}/alerts?tab=past")
        await expect(self._page.get_by_text(model).first).to_be_visible()

    async def benchmarks_show(self, model: str) -> None:
        await self._page.goto(f"{self._origin}/benchmarks")
        await expect(self._page.get_by_text("completed", exact=False).first).to_be_visible()

    async def wrong_addresses_are_told(self, *paths: str) -> None:
        for path in paths:
            await self._page.goto(self._origin + path)
            await expect(self._page.get_by_role("heading", name="There is no such")).to_be_visible()
            await expect(self._page.get_by_role("navigation", name="Main").first).to_be_visible()

    async def screens_open_without_the_server(self) -> None:
        """Their code was fetched while it was there: a restart shows no browser's error page."""
        page = self._page
        await page.goto(f"{self._origin}/")
        await expect(page.get_by_text("Live", exact=True).first).to_be_visible()
        await page.wait_for_load_state("networkidle")
        await page.route("**/*", lambda route: route.abort())
        for screen in ("Providers", "Benchmarks", "Settings"):
            await page.get_by_role("link", name=screen, exact=True).first.click()
            await expect(page.get_by_role("heading", name=screen, level=1)).to_be_visible()
        await page.unroute_all()

    async def add_provider_by_hand(self, name: str, base_url: str, key: str) -> None:
        page = self._page
        await page.goto(f"{self._origin}/providers")
        await page.get_by_role("button", name="Add provider").first.click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Provider type").fill("custom_openai")
        await page.get_by_role("option").first.click()
        await dialog.get_by_label("Name").fill(name)
        await dialog.get_by_label("Base URL").fill(base_url)
        await dialog.get_by_label("API key").fill(key)
        await dialog.get_by_role("button", name="Test connection").click()
        await expect(dialog.get_by_text("answered", exact=False).first).to_be_visible()
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.get_by_text(name).first).to_be_visible()
