"""Every page in a real browser, at four widths and in two themes: nothing is cut, nothing lies over something else,
and axe-core has nothing serious to say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from bcos_core.home import Home
from pages.server.rooms import ROOMS
from tests.browser.appearance import HEIGHT, WIDTHS, cut_or_covered, hard_to_use, open_all, settle, show_whole
from tests.browser.conftest import CHROMIUM, FIRST_VISIT_SECONDS
from tests.browser.furnished import View, furnish
from tests.browser.serving import Server, stop
from tests.databases import Databases

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(900),
]
NAMES = ("home", "train", "jobs", "models", "compare", "generate", "batch", "evaluate", "pairs", "lab", "ablation")
NAMES += ("reproduce", "studies", "results", "people", "system", "rate")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[tuple[str, dict[str, View]]]:
    """The address of a dashboard, and its views by name."""
    with pytest.MonkeyPatch.context() as patch, databases.own(patch):
        home = Home(tmp_path_factory.mktemp("furnished").resolve() / "home").create()
        patch.setenv("BCOS_HOME", str(home.root))
        patch.setenv("BCOS_QUICKSTART", "0")
        views = {view.name: view for view in furnish(home, tiny=True)}
        server = Server.at_free_port(home)
        app = server.start()
        try:
            yield server.url, views
        finally:
            stop(app)
            print(server.log.read_text(errors="replace"))  # noqa: T201 - pytest shows it when a test fails


def test_every_page_is_looked_at(furnished: tuple[str, dict[str, View]]) -> None:
    assert tuple(furnished[1]) == NAMES
    assert {*ROOMS, "rate"} == {view.address.split("?")[0] or "home" for view in furnished[1].values()}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_covered_or_hard_to_use(
    furnished: tuple[str, dict[str, View]], browser: Browser, name: str, theme: str
) -> None:
    url, views = furnished
    page = browser.new_page(viewport={"width": max(WIDTHS), "height": HEIGHT}, color_scheme=theme)  # type: ignore[arg-type]
    page.set_default_timeout(FIRST_VISIT_SECONDS * 1000)
    page.goto(f"{url}/{views[name].address}")
    problems = []
    for state in ("as it opens", "unfolded"):
        if state == "unfolded":
            open_all(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            settle(page)
            show_whole(page)
            problems += [f"{state}, {width} px: {problem}" for problem in cut_or_covered(page)]
            if width in (min(WIDTHS), max(WIDTHS)):
                problems += [f"{state}, {width} px: {problem}" for problem in hard_to_use(page)]
    page.close()
    assert not problems, "\n".join(problems)
