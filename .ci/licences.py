"""The licence of everything that an installation of the requirements brings, and of every file under `assets`.

    python .ci/licences.py            lists them; exit code 1 where one is unknown or of a kind that may not be here
    python .ci/licences.py --quiet    says only what is wrong

What a package says is read from its metadata: its licence expression, else its classifiers, else its licence field in
words. Names of licences are SPDX's.
"""

from __future__ import annotations

import fnmatch
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from constraints import LISTS, ROOT, installed, required
from license_expression import AND, ExpressionError, LicenseSymbol, LicenseWithExceptionSymbol, get_spdx_licensing

ASSETS = "assets/LICENCES.md"
# Free to use, change and pass on, with their notice kept.
PERMISSIVE = frozenset(
    {
        *("0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0"),
        *("CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib"),
        "BSD",  # a classifier that does not say which of the three
    }
)
# What is changed in their own files stays under them; this project's files do not.
PER_FILE = frozenset({"MPL-2.0"})
# Kinds that nothing here is under by itself, package by package with the reason why it may be used.
BY_NAME = {
    "psycopg": ("LGPL-3.0-only", "used as it comes, as a package of its own that anybody can replace"),
    "psycopg-binary": ("LGPL-3.0-only", "used as it comes, as a package of its own that anybody can replace"),
}
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Zero-Clause BSD (0BSD)": "0BSD",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
}
# What the licence field says in words, of packages that say it nowhere else.
WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0 License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "BSD": "BSD",
    "new BSD License": "BSD-3-Clause",
}
# Packages whose metadata say nothing: what the licence file in their wheel is.
BY_FILE = {"axe-playwright-python": ("MIT", "LICENSE", "MIT License")}
_SPDX = get_spdx_licensing()


@dataclass(frozen=True)
class Licence:
    """What a package is under; `expression` is "" where that is not known, and `said` is what it said."""

    package: str
    version: str
    expression: str
    said: str

    @property
    def fault(self) -> str:
        """Why it may not be here, "" where it may."""
        if not self.expression:
            return f"{self.package} {self.version} says of its licence {self.said!r}, which is none that is known here."
        if self.package in BY_NAME and BY_NAME[self.package][0] == self.expression:
            return ""
        if not is_allowed(self.expression):
            return f"{self.package} {self.version} is under {self.expression}, a kind that may not be here."
        return ""


def is_allowed(expression: str) -> bool:
    """Whether one side of every "or", and all sides of every "and", may be here.

    Raises:
        ValueError: it is no expression of SPDX.
    """
    try:
        return _allowed(_SPDX.parse(expression))
    except ExpressionError as error:
        raise ValueError(f"{expression!r} is no licence expression ({error}).") from error


def _allowed(node: object) -> bool:
    if isinstance(node, LicenseSymbol | LicenseWithExceptionSymbol):
        return str(node) in PERMISSIVE | PER_FILE
    sides = [_allowed(side) for side in node.args]  # type: ignore[attr-defined]
    return all(sides) if isinstance(node, AND) else any(sides)


def licence_of(name: str) -> Licence:
    """What an installed package is under."""
    said = metadata.metadata(name)
    return Licence(name, metadata.version(name), *_expression(name, said))


def _expression(name: str, said: metadata.PackageMetadata) -> tuple[str, str]:
    if expression := said.get("License-Expression"):
        return expression, expression
    field = (said.get("License") or "").strip().partition("\n")[0].strip()
    if _is_expression(field):
        return field, field
    titles = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or [] if line.startswith("License ::")]
    titles = [title for title in titles if title not in ("OSI Approved", "DFSG approved")]
    if titles:
        known = [CLASSIFIERS.get(title, "") for title in titles]
        return (" AND ".join(dict.fromkeys(known)) if all(known) else ""), "; ".join(titles)
    if field:
        return WORDS.get(field, ""), field
    if name in BY_FILE:
        expression, file, begins = BY_FILE[name]
        texts = [one.locate().read_text() for one in metadata.files(name) or [] if one.name == file]  # type: ignore[attr-defined]
        return (expression, file) if any(text.lstrip().startswith(begins) for text in texts) else ("", file)
    return "", ""


def _is_expression(text: str) -> bool:
    try:
        return bool(text) and not _SPDX.unknown_license_keys(text)
    except ExpressionError:
        return False


def asset_complaints(files: list[str], table: str) -> list[str]:
    """Files that no row of the table is about, or several, and rows that are about none."""
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines() if line[:3] == "| `"]
    patterns = {row[0].strip("`"): row[1] for row in rows}
    said = [
        f"{file} has {number or 'no'} row{'s' * (number != 1)} in {ASSETS}; one says its licence."
        for file in files
        if (number := sum(fnmatch.fnmatchcase(file, pattern) for pattern in patterns)) != 1
    ]
    said += [
        f"{ASSETS} has a row for {pattern}, which is nothing."
        for pattern in patterns
        if not fnmatch.filter(files, pattern)
    ]
    return said + [
        f"{ASSETS} says {licence} of {pattern}." for pattern, licence in patterns.items() if not is_allowed(licence)
    ]


def main(*, quiet: bool) -> int:
    licences = [licence_of(name) for name in sorted(installed(required(LISTS)))]
    if not quiet:
        for one in licences:
            print(f"{one.package} {one.version}\t{one.expression or '?'}")
    tracked = subprocess.run(["git", "ls-files", "assets"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [file for file in tracked.stdout.splitlines() if file != ASSETS]
    wrong = [one.fault for one in licences if one.fault]
    wrong += asset_complaints(files, Path(ROOT, ASSETS).read_text(encoding="utf-8"))
    for line in wrong:
        print(f"licences: {line}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(quiet=sys.argv[1:] == ["--quiet"]))
