"""What Compare exports is a page that stands alone: opened offline it shows every panel and every word, as text."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect
from tiny_pair import save_pair

from bcos_core.home import Home
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]

# As words of the text: a script, and an image whose error would run one.
TEXT = "A <script>window.ran = 1</script> film <img src=x onerror='window.ran = 2'> of good and honest wit."
METHODS = {
    "bcos": "B-cos contributions",
    "occlusion": "Occlusion",
    "input_x_gradient": "Gradient × input",
    "gradient_shap": "GradientSHAP",
}


def test_an_exported_page_shows_all_panels_offline_and_runs_nothing(
    home: Home, address: str, browser: Browser, page: Page, tmp_path: Path
) -> None:
    save_pair(home)
    chosen = [("method", name) for name in list(METHODS)[:3]]
    page.goto(f"{address}/compare?{urlencode([('model', 'tiny-bcos'), ('text', TEXT), ('seeds', '3'), *chosen])}")
    expect(page.get_by_role("article")).to_have_count(3, timeout=FIRST_VISIT_SECONDS * 1000)
    # The fourth method is chosen as a person does; the address follows.
    settled(page, page.get_by_role("button", name="Methods: 3 of")).click()
    page.get_by_text(METHODS["gradient_shap"], exact=True).click()
    page.keyboard.press("Escape")
    panels = page.get_by_role("article")
    for title in METHODS.values():
        panel = page.get_by_role("article", name=f"{title}, tiny-bcos", exact=True)
        expect(panel.locator(".fold")).to_be_visible()
        expect(panel.locator(".text")).to_contain_text("<script>window.ran = 1</script>")
    expect(panels).to_have_count(4)
    assert page.url.count("method=") == 4
    words = page.get_by_role("article", name="B-cos contributions").locator("button.unit").all_inner_texts()
    assert page.evaluate("window.ran") is None

    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("button", name="HTML page").first.click()
    file = tmp_path / started.value.suggested_filename
    started.value.save_as(file)
    assert file.suffix == ".html" and file.name.startswith(("negative_A-", "positive_A-"))

    context = browser.new_context(offline=True)
    alone = context.new_page()
    requests: list[str] = []
    alone.on("request", lambda request: requests.append(request.url))
    alone.goto(file.as_uri())
    rows = alone.locator("tbody tr")
    expect(rows).to_have_count(4)
    assert [row.locator("th .name").inner_text() for row in rows.all()] == list(METHODS.values())
    assert [head.inner_text() for head in alone.locator("thead .name").all()] == ["tiny-bcos"]
    for row in rows.all():
        assert row.locator(".unit").all_inner_texts() == words
        text = row.locator(".text").text_content() or ""
        assert text.replace("[CLS]", "").replace("[SEP]", "") == TEXT
    drawn_at_random = rows.filter(has_text="GradientSHAP")
    expect(alone.locator("body")).to_contain_text("over 3 seeds")
    expect(drawn_at_random.locator(".band")).to_have_count(len(words))
    assert alone.evaluate("window.ran") is None and alone.locator("script, img, link, iframe").count() == 0
    assert requests == [file.as_uri()]
    context.close()
