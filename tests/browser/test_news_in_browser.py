"""A job that ends while one is on another page: called out, counted in the title and at Jobs, until it is opened."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from bcos_core.home import Home
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.store import JobStore
from tests.browser.conftest import CHROMIUM, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]

# What the browser would show outside of the page is written down instead; nobody looks at the page meanwhile.
WATCHED = """
  window.told = [];
  window.Notification = class {
    constructor(title) { window.told.push(title); }
    static permission = "granted";
    static async requestPermission() { return "granted"; }
  };
  document.hasFocus = () => false;
"""


def test_a_job_that_ends_is_told_of_on_another_page_until_it_is_opened(home: Home, address: str, page: Page) -> None:
    page.add_init_script(WATCHED)
    store = JobStore.open(home)
    store.cancel(store.submit("lock", "An earlier one", {"study": "gone"}, "0")[0].id)
    page.goto(f"{address}/jobs")
    settled(page, page.get_by_text("Notify me when a job ends")).click()
    expect(page.get_by_text("Stop notifying me")).to_be_visible()
    page.goto(f"{address}/train")
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    expect(page).to_have_title("Train · B-cos LM")

    # It ends at once, since there is no such study.
    store.submit("lock", "Lock a study · <b>T</b>", {"study": "gone"}, "1", lane=Lane.SHORT)
    expect(page.get_by_test_id("stToast")).to_contain_text("Lock a study · <b>T</b> has failed.")
    expect(page).to_have_title("(1) Train · B-cos LM")
    expect(page.get_by_role("link", name="Jobs, 1 ended and not looked at")).to_be_visible()
    assert page.evaluate("window.told") == ["Lock a study · <b>T</b> has failed"]

    page.get_by_role("link", name=re.compile("^Jobs")).click()
    expect(page.get_by_role("heading", name="Lock a study · <b>T</b>")).to_be_visible()
    expect(page).to_have_title("Jobs · B-cos LM")
    expect(page.get_by_role("link", name="Jobs", exact=True)).to_be_visible()
