"""A rater's visit in a process of its own: `python -m tests.imports.raters_visit KEY`.

Prints JSON: what is said besides the item, and the packages that were imported for it.
"""

from __future__ import annotations

import json
import sys

from streamlit.testing.v1 import AppTest, app_test

from bcos_core.home import CHECKOUT
from tests.pages.conftest import NavigatedPages, words

if __name__ == "__main__":
    app_test.PagesManager = NavigatedPages  # type: ignore[misc]
    at = AppTest.from_file(str(CHECKOUT / "pages" / "navigation.py"), default_timeout=120).run()
    at.switch_page("rate/page.py")
    at.query_params["rater"] = sys.argv[1]
    at.run()
    shown = [element.proto.text for element in at.get("progress")]
    faults = [str(element.value) for element in (*at.error, *at.exception)]
    packages = sorted({name.partition(".")[0] for name in sys.modules})
    sys.stdout.write(json.dumps([words(at), shown, faults, packages]) + "\n")
