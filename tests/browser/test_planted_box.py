"""The box round a planted word, measured in a browser: it leaves the spaces beside the word as they are."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from bcos_core.home import CHECKOUT
from bcos_core.lab.result import LabExample
from bcos_core.render.palette import PALETTES
from bcos_core.render.planted import planted_strips
from pages.widgets.component import script_of
from tests.browser.conftest import CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")]
TEXT = "a slow pelican , here"
WORDS = ((0, 1), (2, 6), (7, 14), (15, 16), (17, 21))

_GAPS = """() => {
  const mark = document.querySelector("mark"), style = getComputedStyle(mark);
  const ring = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset), box = mark.getBoundingClientRect();
  const beside = [mark.previousElementSibling, mark.nextElementSibling].map((one) => one.getBoundingClientRect());
  const [first, second] = document.querySelectorAll(".word");
  const space = second.getBoundingClientRect().left - first.getBoundingClientRect().right;
  return { left: box.left - ring - beside[0].right, right: beside[1].left - (box.right + ring), space };
}"""


def test_the_spaces_beside_the_box_are_as_wide_as_others(page: Page) -> None:
    example = LabExample("m", TEXT, 1, ((7, 14),), {"bcos": tuple((*word, 1.0) for word in WORDS)})
    css, script = (CHECKOUT / "assets" / "strips.css").read_text(encoding="utf-8"), script_of("strips")
    page.set_content(f'<style>:root {{ --st-text-color: black }} {css}</style><dl class="strips"></dl>')
    page.add_script_tag(content=script.replace("export default function", "globalThis.draw = function"))
    rows = planted_strips(example, PALETTES["blue-orange"])
    page.evaluate("(rows) => globalThis.draw({ data: { rows }, parentElement: document.body })", rows)
    gaps = page.evaluate(_GAPS)
    assert gaps["space"] > 2
    assert gaps["left"] == pytest.approx(gaps["space"], abs=0.5)
    assert gaps["right"] == pytest.approx(gaps["space"], abs=0.5)
