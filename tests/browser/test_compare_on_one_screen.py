"""Compare's layout, measured in a browser: what is in sight, what is cut, what moves, and which text a click is for."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from tiny_pair import save_pair

from bcos_core.home import Home
from bcos_core.text.tasks import TaskChoice
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(420),
]

WORDS = (
    "Although the plot is thin and the end comes far too early, two leads are warm and good and honest enough to "
    "save the film."
)
MODELS = ("tiny-bcos", "tiny-conventional")
METHODS = ("integrated_gradients", "occlusion", "input_x_gradient", "saliency")  # these fit both models

# Whatever a person cannot see: what stands out of the window, or is longer than the box that hides the rest.
CUT = """() => [...document.querySelectorAll('[data-testid="stMain"] *')].filter((element) => {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  if (!box.width || !box.height || style.visibility === "hidden" || element.closest("svg, textarea")) return false;
  if (!element.textContent.trim()) return false; // without words: what a toggle hides from eyes
  const hides = element.scrollWidth > element.clientWidth + 1 && style.overflowX !== "visible" && element.clientWidth;
  return box.left < -1 || box.right > innerWidth + 1 || hides;
}).map((element) => `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`)"""

# From now on, where each row begins, whenever every panel has the text that holds a word.
WATCH = """(word) => {
  window.places = new Set();
  const look = () => {
    const hosts = [...document.querySelectorAll('[class*="st-key-of-"] [data-testid^="stBidiComponent"]')];
    const panels = hosts.map((host) => deep(host)).filter((panel) => panel);
    if (panels.length === 8 && panels.every((panel) => panel.textContent.includes(word))) {
      const rows = [...document.querySelectorAll('[class*="st-key-row-"]')];
      window.places.add(rows.map((row) => Math.round(row.getBoundingClientRect().top)).join(" "));
    }
    requestAnimationFrame(look);
  };
  const deep = (node) => {
    const found = node.querySelector(".panel") ?? node.shadowRoot?.querySelector(".panel");
    if (found) return found;
    for (const child of node.querySelectorAll("*")) {
      const inside = child.shadowRoot?.querySelector(".panel");
      if (inside) return inside;
    }
    return null;
  };
  look();
}"""


@pytest.fixture
def place(home: Home, address: str) -> str:
    task = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}
    save_pair(home, task=TaskChoice.from_dict(task).to_dict())
    chosen = [("text", WORDS), *(("model", name) for name in MODELS), *(("method", name) for name in METHODS)]
    return f"{address}/compare?{urlencode(chosen)}"


def opened(browser: Browser, place: str, width: int, height: int, panels: int = 8) -> Page:
    page = browser.new_page(viewport=ViewportSize(width=width, height=height))
    page.goto(place)
    settled(page, page.locator("article:visible .unit").first)
    expect(page.locator("article[aria-busy=true]")).to_have_count(0)
    expect(page.get_by_role("article")).to_have_count(panels if width > 800 else panels // 2)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    return page


@pytest.mark.parametrize(
    "asked", ["", "&target=negative&minus=positive&seeds=3&method=shapley&strike=13-17,21-25"], ids=["plain", "full"]
)
def test_all_panels_of_four_methods_and_two_models_are_in_sight(browser: Browser, place: str, asked: str) -> None:
    assert len(WORDS.split()) == 25
    if asked:  # a contrast, struck words, seeds
        place = place.replace("&method=saliency", "") + asked
    page = opened(browser, place, 1400, 1000)
    expect(page.locator("article .change")).to_have_count(8 if asked else 0)
    for panel in page.get_by_role("article").all():
        box = panel.bounding_box()
        assert box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 1000, box
        assert box["x"] >= 220 and box["x"] + box["width"] <= 1400  # beside the sidebar
    assert [heading.inner_text() for heading in page.get_by_role("heading", level=2).all()] == list(MODELS)
    assert page.evaluate(CUT) == []


def predicted(said: str) -> float:
    """The size of the change that a row predicts; none by scores without a direction."""
    words = said.removeprefix("predicts").strip()
    return 0.0 if words == "has no direction" else abs(float(words.replace("−", "-")))


def test_a_strike_moves_nothing_and_bars_are_as_long_as_their_numbers_are_large(browser: Browser, place: str) -> None:
    page = opened(browser, place, 1400, 1000)
    before = [panel.bounding_box() for panel in page.get_by_role("article").all()]
    page.locator("article .unit", has_text="plot").first.click()
    expect(page.locator("article .change")).to_have_count(8)
    expect(page.get_by_text("Real change: ")).to_have_count(2)
    after = [panel.bounding_box() for panel in page.get_by_role("article").all()]
    assert [box and box["y"] for box in before] == [box and box["y"] for box in after]
    for model in range(2):
        found = [
            (
                predicted(change.inner_text()),
                (change.locator(".fill").bounding_box() or {})["width"],
            )
            for change in page.locator(f'article:is([aria-label$=", {MODELS[model]}"]) .change').all()
        ]
        (said,) = page.locator("section.answer", has_text=MODELS[model]).locator(".change").all_inner_texts()
        real = abs(float(said.removeprefix("Real change: ").replace("−", "-")))
        longest = max(real, *(value for value, _ in found))
        assert len(found) == 4
        assert [width for _, width in found] == pytest.approx([24 * value / longest for value, _ in found], abs=0.5)


def test_a_very_long_text_is_folded_and_its_cut_said_once(browser: Browser, place: str) -> None:
    text = " ".join([WORDS] * 20)
    page = opened(browser, place.replace(urlencode({"text": WORDS}), urlencode({"text": text})), 1400, 1000)
    rows = page.get_by_role("article")
    assert page.locator("section.answer p").count() == 2 and page.locator("article .note:visible").count() == 0

    def height() -> float:
        return (rows.first.bounding_box() or {})["height"]

    folded = height()
    assert folded < 240 and all((row.bounding_box() or {})["height"] == folded for row in rows.all())
    rows.first.get_by_role("button", name="Show all").click()
    assert height() > 500
    rows.first.locator("button.unit").nth(3).click()
    expect(page.locator("article .change")).to_have_count(8)
    assert height() > 500  # drawn anew, it stays whole
    rows.first.get_by_role("button", name="Show less").click()
    assert height() < 240


def test_words_against_the_direction_of_a_text_keep_their_order(browser: Browser, place: str) -> None:
    text = "שלום the big film טוב עולם and"
    page = opened(browser, place.replace(urlencode({"text": WORDS}), urlencode({"text": text})), 1400, 1000)

    def left(word: str) -> float:
        box = page.get_by_role("article").first.locator(".word", has_text=word).first.bounding_box()
        assert box is not None
        return box["x"]

    assert left("and") < left("עולם") < left("טוב") < left("the") < left("big") < left("film") < left("שלום")


def test_nothing_is_cut_and_the_tools_stay_in_sight(browser: Browser, place: str) -> None:
    page = opened(browser, place, 1024, 700)
    assert page.evaluate(CUT) == []
    page.get_by_role("article").last.locator("button.unit").first.click()  # scrolls there
    expect(page.locator("article .change")).to_have_count(8)
    for name in ("Next", "Restore", "Explain without them"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    assert page.evaluate(CUT) == []


def test_a_phone_shows_one_model_at_a_time(browser: Browser, place: str) -> None:
    page = opened(browser, place, 390, 844)
    shown = page.locator("article:visible")
    for model in (*MODELS, MODELS[0]):
        page.get_by_text(model, exact=True).and_(page.locator("label")).click()
        expect(page.get_by_role("heading", level=2, name=model)).to_be_visible()
        expect(page.get_by_role("heading", level=2)).to_have_count(1)
        expect(shown).to_have_count(4)
        assert all((panel.get_attribute("aria-label") or "").endswith(f", {model}") for panel in shown.all())
    assert "shown=0" in page.url and page.evaluate(CUT) == []
    page.locator("article:visible button.unit").last.click()
    for name in ("Next", "Restore", "Explain without them"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    page.get_by_text(MODELS[1], exact=True).and_(page.locator("label")).click()
    page.locator("article:visible button.unit").first.click()
    expect(page.locator("article:visible button.unit[aria-pressed=true]")).to_have_count(8)
    assert "shown=1" in page.url  # what is written next leaves it there
    page.reload()
    expect(page.get_by_role("heading", level=2, name=MODELS[1])).to_be_visible()
    expect(page.locator("article:visible button.unit[aria-pressed=true]")).to_have_count(8)


def test_the_address_is_whole_with_every_change(browser: Browser, place: str) -> None:
    page = opened(browser, place.partition("?")[0], 1400, 1000, panels=7)
    page.evaluate("""() => {
      window.addresses = [];
      for (const name of ["pushState", "replaceState"]) {
        const kept = history[name].bind(history);
        history[name] = (...given) => { kept(...given); window.addresses.push(location.search); };
      }
    }""")
    whole = ("method=bcos&method=", "model=tiny-bcos&model=", "target=", "seeds=1", "reference=mask", "granularity=")
    page.locator("article .unit").nth(2).click()
    expect(page.locator("article .figures .change")).to_have_count(7)
    page.get_by_role("button", name="Details of Occlusion, tiny-bcos").click()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(1)
    page.get_by_text("Tokens", exact=True).click()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.wait_for_function("() => location.search.includes('granularity=token')")
    addresses = page.evaluate("window.addresses")
    assert len(addresses) == 3 and all(part in address for address in addresses for part in whole), addresses
    assert "strike=" in addresses[-1] and "open=tiny-bcos-occlusion" in addresses[-1]
    page.reload()
    expect(page.locator("article .figures .change")).to_have_count(7, timeout=FIRST_VISIT_SECONDS * 1000)
    expect(page.get_by_test_id("stDataFrame")).to_have_count(1)
    assert page.evaluate("location.search") == addresses[-1]


def test_rows_have_their_places_before_their_values(browser: Browser, place: str) -> None:
    page = opened(browser, place, 1400, 1000)
    page.evaluate(WATCH, "witty")
    box = page.get_by_label("Text", exact=True)
    box.fill(WORDS.replace("warm", "witty"))
    box.press("Enter")
    expect(page.locator("article .unit", has_text="witty")).to_have_count(8)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    places = page.evaluate("[...window.places]")
    assert len(places) == 1, places


def test_a_click_on_the_old_text_does_not_strike_the_new_one(browser: Browser, place: str) -> None:
    page = opened(browser, place, 1400, 1000)
    page.get_by_label("Text", exact=True).fill("Warm and honest, and still too long.")
    page.locator("article .unit", has_text="plot").first.click()  # the box is left by this click
    expect(page.locator("article .unit", has_text="still")).to_have_count(8)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    assert "strike=" not in page.url and page.locator("article [aria-pressed=true]").count() == 0
    page.locator("article .unit", has_text="still").first.click()
    expect(page.locator("article [aria-pressed=true]")).to_have_count(8)
    page.get_by_role("button", name="Explain without them").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value("Warm and honest, and too long.")
    expect(page.locator("article [aria-pressed=true]")).to_have_count(0)


def test_a_panel_unfolds_in_its_row_and_keeps_the_focus(browser: Browser, place: str) -> None:
    page = opened(browser, place, 1400, 1000)
    panel = page.get_by_role("article", name="Integrated gradients, tiny-bcos")
    expect(panel.locator(".meter")).to_be_hidden()
    button = panel.get_by_role("button", name="Details of Integrated gradients, tiny-bcos")
    button.focus()
    page.keyboard.press("Enter")
    expect(panel.locator(".meter")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(1)
    expect(page.get_by_role("button", name="Copy record")).to_be_visible()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    expect(panel.locator(".meter")).to_be_hidden()


def test_a_double_click_strikes_once_and_the_address_says_all(browser: Browser, place: str) -> None:
    usual = place.partition("&model")[0]  # the B-cos model's own method, and three on both
    page = opened(browser, usual, 1400, 1000, panels=7)
    before = page.evaluate("history.length")
    page.get_by_role("article").first.locator("button.unit").nth(2).dblclick()
    expect(page.locator("article:has(.change)").first).to_be_visible()
    expect(page.locator("article button.unit[aria-pressed=true]").first).to_be_visible()
    # What nobody chose is in the address too, so that the link shows the same when the usual choice is another one.
    page.wait_for_function("() => ['strike', 'method', 'model', 'seeds'].every((one) => location.search.includes(one))")
    assert page.evaluate("history.length") == before + 1
    shown = page.locator("article .text").all_inner_texts()
    page.reload()
    expect(page.locator("article .change").first).to_be_visible(timeout=FIRST_VISIT_SECONDS * 1000)
    expect(page.locator("article .change")).to_have_count(len(shown))
    assert page.locator("article .text").all_inner_texts() == shown
