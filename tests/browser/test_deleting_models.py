"""A model is deleted and taken back as a person does it: every step says what it will do, and what it did."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tiny_pair import save_pair

from bcos_core.evaluate.audit_job import AUDIT, AuditSpec
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.model.about import About, write_about
from bcos_core.model.info import read_info
from bcos_core.study.studies import Studies
from tests.browser.conftest import CHROMIUM, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]


def test_a_model_goes_to_the_trash_and_comes_back(home: Home, address: str, page: Page) -> None:
    bcos, twin = save_pair(home)
    write_about(bcos, About("Mine <b>bold<b>"))
    store = JobStore.open(home)
    audits = []
    for _ in range(2):  # two of one title
        audit, _ = AUDIT.submit(store, AuditSpec.of(read_info(bcos), read_info(twin)))
        store.cancel(audit.id)
        audits.append(audit)
    studies = Studies(store.database)
    study = studies.create("Which is clearer?", {"conditions": [{"checkpoint": str(bcos)}], "tries": 5})
    studies.lock(study, {"design": study.design}, "f" * 64)

    page.goto(f"{address}/models?model=tiny-bcos")
    delete = page.get_by_role("button", name="Delete …")
    expect(settled(page, delete)).to_be_enabled()
    delete.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Mine <b>bold<b>")
    # A study that people rate in holds it, whatever is ticked.
    expect(dialog).to_contain_text("is locked and needs Mine")
    expect(dialog.get_by_role("button", name="Delete", exact=True)).to_be_disabled()
    for audit in audits:
        expect(dialog).to_contain_text(f"{audit.created_at:%Y-%m-%d %H:%M:%S}")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    assert bcos.is_dir()

    studies.delete(study.id)
    delete.click()
    dialog.get_by_text("Also its twin").click()
    expect(dialog).not_to_contain_text("would have no twin")
    dialog.get_by_text("Also its twin").click()
    expect(dialog).to_contain_text("would have no twin")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    said = page.get_by_test_id("stAlert").filter(has_text="Moved to the trash: Mine <b>bold<b>.")
    expect(said).to_contain_text("It can be taken back, or removed for good, in Trash below.")
    expect(dialog).to_have_count(0)
    assert not bcos.exists() and read_info(twin).name == "Mine <b>bold<b> · conventional"
    assert len(store.list()) == 2  # its results were not ticked

    page.get_by_text("Trash: 1 deletion").click()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_test_id("stAlert").filter(has_text="Taken back from the trash: Mine")).to_be_visible()
    expect(page.get_by_text("Trash: 1 deletion")).to_have_count(0)
    assert bcos.is_dir()
