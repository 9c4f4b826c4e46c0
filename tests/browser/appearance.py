"""How a page looks to a browser: what is cut, what lies over each other, and what axe-core finds hard to use."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

WIDTHS = (390, 768, 1024, 1400)
THEMES = ("light", "dark")
HEIGHT = 1000

_GEOMETRY = Path(__file__).with_name("geometry.js").read_text(encoding="utf-8")


def settle(page: Page) -> None:
    """Wait until the page has been run, its charts are drawn and its fonts are there."""
    page.wait_for_selector('[data-testid="stMain"] h1')
    page.wait_for_function(
        """() => new Promise((done) => {
          let quiet = 0;
          const moves = (one) => one.playState === "running" && one.effect?.getTiming().iterations === 1;
          const look = () => {
            const app = document.querySelector('[data-testid="stApp"]');
            const busy = app?.dataset.testScriptState === "running"
              || document.getAnimations().some(moves)
              || document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"], [data-stale="true"]');
            quiet = busy ? 0 : quiet + 1;
            quiet >= 5 ? done(document.fonts.ready.then(() => true)) : setTimeout(look, 100);
          };
          look();
        })""",
    )


def show_whole(page: Page) -> None:
    """Make the window as high as the page, so that all of it is drawn; its width stays."""
    width = (page.viewport_size or {"width": WIDTHS[-1]})["width"]
    height = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
    page.set_viewport_size({"width": width, "height": max(HEIGHT, min(int(height) + 40, 12_000))})
    settle(page)


def cut_or_covered(page: Page) -> list[str]:
    """What nobody can read: it is cut, runs out of the window, or lies over something else."""
    return list(page.evaluate(_GEOMETRY))


def hard_to_use(page: Page) -> list[str]:
    """What axe-core (WCAG 2.2 rules and best practices) calls serious or critical, and headings out of order."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['impact']}: {rule['id']}: {node['html'][:200]}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical") or rule["id"] in ("heading-order", "page-has-heading-one")
        for node in rule["nodes"]
    ]


def open_all(page: Page) -> None:
    """Unfold what is folded in the page, and what is folded in that."""
    folded = '[data-testid="stMain"] details:not([open]) > summary'
    for _ in range(3):
        if not page.locator(folded).count():
            return
        page.evaluate("(folded) => document.querySelectorAll(folded).forEach((summary) => summary.click())", folded)
        settle(page)
