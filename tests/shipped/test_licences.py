"""Nothing is shipped, and nothing runs here, under a licence that is unknown or of a kind that may not be here."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_every_installed_package_is_under_a_licence_that_may_be_here(
    constraints: ModuleType, licences: ModuleType
) -> None:
    names = constraints.installed(constraints.required())
    assert len(names) > 100
    assert [fault for name in names if (fault := licences.licence_of(name).fault)] == []


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT AND BSD-3-Clause AND 0BSD", True),
        ("GPL-3.0-only OR MIT", True),  # one may choose
        ("GPL-3.0-only AND MIT", False),
        ("AGPL-3.0-or-later", False),
        ("LGPL-3.0-only", False),
        ("(MIT OR GPL-2.0-only) AND MPL-2.0", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("CC-BY-NC-4.0", False),
        ("LicenseRef-Proprietary", False),
    ],
)
def test_of_an_expression_every_and_and_one_or_must_be_allowed(
    licences: ModuleType, expression: str, allowed: bool
) -> None:
    assert licences.is_allowed(expression) == allowed


def test_what_metadata_say_is_read(licences: ModuleType) -> None:
    # From the packages' own pages: an expression; a classifier; an expression in the field for words; words; a file.
    known = {"numpy": "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", "tqdm": "MPL-2.0 AND MIT"}
    known |= {"pydeck": "Apache-2.0", "transformers": "Apache-2.0", "axe-playwright-python": "MIT", "torch": None}
    for name, expression in known.items():
        found = licences.licence_of(name)
        assert found.expression == (expression or found.expression) and found.fault == ""


def test_an_unknown_and_a_forbidden_licence_are_faults(licences: ModuleType) -> None:
    unknown = licences.Licence("thing", "1", "", "Ask me")
    assert "thing 1" in unknown.fault and "'Ask me'" in unknown.fault
    assert "GPL-3.0-only, a kind that may not be here" in licences.Licence("thing", "1", "GPL-3.0-only", "").fault
    assert licences.Licence("psycopg", "1", "LGPL-3.0-only", "").fault == ""
    assert licences.Licence("psycopg", "1", "GPL-3.0-only", "").fault
    assert licences.Licence("other", "1", "LGPL-3.0-only", "").fault


def test_every_file_under_assets_has_a_licence(licences: ModuleType) -> None:
    tracked = subprocess.run(["git", "ls-files", "assets"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [file for file in tracked.stdout.splitlines() if file != licences.ASSETS]
    table = (ROOT / licences.ASSETS).read_text(encoding="utf-8")
    assert licences.asset_complaints(files, table) == []
    assert licences.asset_complaints([*files, "assets/font.woff2"], table) == [
        f"assets/font.woff2 has no rows in {licences.ASSETS}; one says its licence."
    ]
    more = table + "| `assets/icon.*` | CC-BY-NC-4.0 | twice |\n| `assets/gone` | MIT | nothing |\n"
    said = licences.asset_complaints(files, more)
    assert len(said) == 3 and "has 2 rows" in said[0] and "gone" in said[1] and "CC-BY-NC-4.0" in said[2]
