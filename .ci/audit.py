"""Known vulnerabilities of every package in constraints.txt, as pip-audit finds them; needs the network.

    python .ci/audit.py

Exit code 0: every package was looked up, and none has a known vulnerability. 1: some have. 2: they could not all be
looked up; pip-audit itself passes over those in silence.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from constraints import ROOT, pins

CLEAN, VULNERABLE, NOT_LOOKED_UP = 0, 1, 2


def verdict(packages: list[dict[str, Any]], pinned: dict[str, str]) -> tuple[int, list[str]]:
    """The exit code and what is said, from pip-audit's list of packages."""
    found = [one for one in packages if one.get("vulns")]
    looked_up = {one["name"] for one in packages if "vulns" in one}
    left = sorted(set(pinned) - looked_up)
    said = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none yet'}."
        for one in found
        for flaw in one["vulns"]
    ]
    if left:
        said.append(
            f"NOT AUDITED: {len(left)} of {len(pinned)} packages could not be looked up ({', '.join(left[:5])}"
            f"{', …' if len(left) > 5 else ''}). The service of advisories was not reached, or does not know them. "
            "Run `make audit` where it can be reached."
        )
    if not said:
        said.append(f"{len(pinned)} packages were looked up; none has a known vulnerability.")
    return (VULNERABLE if found else NOT_LOOKED_UP if left else CLEAN), said


def main() -> int:
    command = [str(Path(sys.executable).parent / "pip-audit"), "--no-deps", "--disable-pip", "--progress-spinner=off"]
    done = subprocess.run(
        [*command, "--format=json", "--requirement", "constraints.txt"], cwd=ROOT, capture_output=True, text=True
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(done.stderr[-2000:], file=sys.stderr)
        packages = []
    code, said = verdict(packages, pins())
    print("\n".join(said), file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
