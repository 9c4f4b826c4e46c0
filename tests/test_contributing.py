"""CONTRIBUTING.md shows the examples as they are tested."""

from __future__ import annotations

import re

from bcos_core.home import CHECKOUT

EXAMPLE = re.compile(r"<!-- (\S+\.py) -->\n```python\n(.*?)```\n", re.DOTALL)


def test_every_example_is_a_file_that_tests_use() -> None:
    shown = dict(EXAMPLE.findall((CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    assert len(shown) == 7
    for path, text in shown.items():
        assert text == (CHECKOUT / path).read_text(encoding="utf-8"), path
        name = path.rpartition("/")[2].removesuffix(".py")
        tests = [file.read_text(encoding="utf-8") for file in (CHECKOUT / path).parent.glob("test_*.py")]
        assert any(name in test for test in tests), f"No test uses {path}."
