"""A picture of every page in four widths and two themes, in build/screenshots, and a report of what is cut or covered.

python .ci/screenshots.py [--tiny] [--home FOLDER] [NAME ...]

The pages show the quick start's models and what was measured of them. That is made once, in build/screenshots/home
(half an hour on two cores; some minutes for a tiny model). NAME chooses pages.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bcos_core.home import Home
from tests.browser.appearance import HEIGHT, THEMES, WIDTHS, cut_or_covered, hard_to_use, settle, show_whole
from tests.browser.conftest import CHROMIUM, CHROMIUM_FLAGS, FIRST_VISIT_SECONDS
from tests.browser.furnished import View, furnish
from tests.browser.serving import Server, stop

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "build" / "screenshots"


def look(browser: Browser, url: str, view: View, target: Path) -> None:
    """All pictures of one view; what is wrong with it is printed."""
    for theme in THEMES:
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=theme)
            page.set_default_timeout(FIRST_VISIT_SECONDS * 1000)
            page.goto(f"{url}/{view.address}")
            settle(page)
            name = f"{view.name}-{width}-{theme}"
            page.screenshot(path=target / f"{name}.png")  # what a visitor sees before scrolling
            show_whole(page)
            page.screenshot(path=target / f"{name}-whole.png")
            for problem in (*cut_or_covered(page), *hard_to_use(page)):
                print(f"{name}: {problem}")
            page.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a tiny random model instead of the quick start")
    parser.add_argument("--home", type=Path, help="where models and results are, or are made")
    parser.add_argument("names", nargs="*", metavar="NAME", help="pages (default: all)")
    args = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("chromium is not installed. On Debian: apt-get install chromium")
    TARGET.mkdir(parents=True, exist_ok=True)
    home = Home((args.home or TARGET / ("tiny-home" if args.tiny else "home")).resolve()).create()
    os.environ |= {"BCOS_HOME": str(home.root), "BCOS_QUICKSTART": "0"}
    views = [view for view in furnish(home, tiny=args.tiny) if not args.names or view.name in args.names]
    server = Server.at_free_port(home)
    app = server.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
            for view in views:
                look(browser, server.url, view, TARGET)
            browser.close()
    finally:
        stop(app)
    print(TARGET)


if __name__ == "__main__":
    main()
