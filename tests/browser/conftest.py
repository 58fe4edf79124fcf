from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from chromium import ARGUMENTS, WHAT_TO_DO, find
from playwright.sync_api import sync_playwright
from stage import Elsewhere, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(event.violatedDirective);
});
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find()
    if path is None:
        pytest.fail(WHAT_TO_DO)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Served]:
    served = Served("--clock", "stepped")
    yield served
    served.close()


@pytest.fixture
def served(server: Served) -> Served:
    """The fake, as fresh as if it had just been started."""
    server.ask("POST", "/reset")
    return server


class Complaints(list[str]):
    """What went wrong in a page; `expect` says what is meant to."""

    def __init__(self) -> None:
        self.expected: list[str] = []

    def expect(self, part: str) -> None:
        self.expected.append(part)

    def unexpected(self) -> list[str]:
        return [each for each in self if not any(part in each for part in self.expected)]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; whatever goes wrong in it without being expected fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints = Complaints()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.complaints = complaints
    yield page
    assert [] == page.evaluate("window.violations")
    context.close()
    assert [] == complaints.unexpected()


@pytest.fixture
def ui(page: Page, served: Served) -> Page:
    """The fake's page, ready."""
    page.goto(f"{served.admin_url}/ui")
    page.wait_for_selector("#streams[data-ready]")
    return page


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """An origin that is not the fake's."""
    with Elsewhere() as pages:
        yield pages.origin
