"""A person who rates, in a real browser: looks at the page, and does what it asks for."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Error, Page

PATIENCE_SECONDS = 4.0
LONG_PATIENCE_SECONDS = 45.0
# What a rater sees at one moment. The component's parts are in a shadow root.
_LOOK = """() => {
  const all = [...document.querySelectorAll("*")];
  const items = all.map((node) => node.shadowRoot?.querySelector(".item")).filter(Boolean);
  const named = (name) => [...document.querySelectorAll("button")].find((one) => one.innerText.startsWith(name));
  const [item] = items;
  const chosen = (question) => [...question.querySelectorAll("[role=radio]")]
    .findIndex((one) => one.getAttribute("aria-checked") === "true") + 1;
  return {
    slot: items.length === 1 ? item.shownSlot : null,
    chosen: items.length === 1 ? [...item.querySelectorAll(".question")].map(chosen) : [],
    status: item?.querySelector(".status")?.textContent ?? "",
    next: Boolean(named("Next") && !named("Next").disabled),
    start: named("Start") ? !named("Start").disabled : null,
    done: [...document.querySelectorAll("h2")].some((one) => one.innerText.startsWith("Thank you")),
  };
}"""


@dataclass
class BrowserRater:
    """Answers with the number keys, one thing a step, the same again where nothing happens for some seconds, and
    reloads where nothing happens for long.

    `acknowledged`: (slot, question's place) → value, which the page showed as saved.
    """

    browser: Browser
    link: str
    chance: random.Random
    acknowledged: dict[tuple[str, int], int] = field(default_factory=dict)
    unsaved_shown: int = 0
    """How many times the page said that an answer is not saved yet."""
    page: Page = field(init=False)
    _last: dict[str, Any] = field(default_factory=dict)
    _acted_at: float = 0.0
    _changed_at: float = field(default_factory=time.monotonic)
    _address: str = ""
    """What is still to be opened."""

    def __post_init__(self) -> None:
        self.come()

    def come(self) -> None:
        """As somebody new."""
        self.page = self.browser.new_context(viewport={"width": 800, "height": 900}).new_page()
        self.page.on("dialog", lambda dialog: dialog.accept())  # "Leave the page?", where an answer is not saved
        self._address = self.link

    def reload(self) -> None:
        """The same address again, as soon as the server answers."""
        self._address = self._address or self.page.url

    def _open(self) -> None:
        with suppress(Error):  # the server is away: again at the next step
            self.page.goto(self._address, wait_until="commit", timeout=20_000)
            self._address = ""

    def look(self) -> dict[str, Any]:
        seen: dict[str, Any] = self.page.evaluate(_LOOK)
        if seen["status"] == "Saved":
            self.acknowledged |= {(seen["slot"], place): value for place, value in _answered(seen)}
        if seen["status"].startswith("Not saved") and seen["status"] != self._last.get("status"):
            self.unsaved_shown += 1
        if seen != self._last:
            self._last, self._acted_at, self._changed_at = seen, 0.0, time.monotonic()
        return seen

    def is_waiting(self) -> bool:
        """Whether something was chosen that the page does not show as saved."""
        seen = self.look()
        return any(seen["chosen"]) and seen["status"] != "Saved"

    def step(self) -> None:
        """Do the next thing, if there is one to do."""
        if self._address:
            self._open()
            return
        seen = self.look()
        if time.monotonic() - self._changed_at > LONG_PATIENCE_SECONDS:  # such as a page that came in half
            self._changed_at = time.monotonic()
            self.reload()
        if time.monotonic() - self._acted_at < PATIENCE_SECONDS:
            return
        self._acted_at = time.monotonic()
        if seen["done"]:
            self.page.context.close()
            self.come()
        elif seen["start"] is not None:
            with suppress(Error):  # it was gone before it was clicked
                if seen["start"]:
                    self.page.get_by_role("button", name="Start").click(timeout=2_000)
                elif not self.page.get_by_role("checkbox").first.is_checked(timeout=2_000):
                    self.page.get_by_text("I have read this").click(timeout=2_000)
        elif 0 in seen["chosen"]:
            self.page.keyboard.press(str(self.chance.randint(1, 5)))
        elif seen["next"] and seen["status"] == "Saved":
            self.page.keyboard.press("ArrowRight")


def _answered(seen: dict[str, Any]) -> Iterator[tuple[int, int]]:
    return ((place, value) for place, value in enumerate(seen["chosen"]) if value)
