"""One surface, some thousand cases, in a process of its own; and all of them from the process that asked.

Each case returns or is refused by a `BcosError` in words that a page can show. Anything else is a crash: another
exception, a process that ends or hangs, more than `SECONDS` of computing, `GROWTH` more memory, or an error that a page
has caught and put into the log.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
import sysconfig
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from bcos_core.errors import BcosError
from bcos_core.home import CHECKOUT
from tests.hostile.surface import Ground, Surface
from tests.hostile.watch import SECRET, Watch

SECONDS = 20.0
"""Of the processor, for one case."""
HANG_SECONDS = 120
"""Of the clock: other work may be going on beside it."""
GROWTH = 500 << 20
"""Bytes that one case may add to the highest memory that its process has had."""
LONGEST_MESSAGE = 4_000
ROUND = 400
KEPT_KINDS = 50


@dataclass
class Report:
    """What came of a surface. `kinds` are the crashes and breaches by what is alike in them, each with an example."""

    surface: str
    seed: int
    cases: int = 0
    refused: int = 0
    crashes: int = 0
    code_run: int = 0
    outside_files: int = 0
    seconds: float = 0.0
    kinds: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, kind: str, what: str, case: str) -> None:
        if what in self.kinds:
            self.kinds[what]["times"] += 1
        elif len(self.kinds) < KEPT_KINDS:
            self.kinds[what] = {"kind": kind, "times": 1, "example": case[:3000]}

    def add(self, other: Report) -> None:
        """What came of further cases."""
        for name in ("cases", "refused", "crashes", "code_run", "outside_files", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for what, kind in other.kinds.items():
            self.kinds[what] = {**kind, "times": kind["times"] + self.kinds.get(what, {"times": 0})["times"]}

    def write(self, path: Path) -> None:
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(path)


class Hang(Exception):
    """A case that does not end."""


def run(surface: Surface, cases: int, seed: int, report_file: Path, ground: Ground, watch: Watch) -> Report:
    """Send that many cases; the report is written after each round, what is being sent before it is."""
    strategy, send = surface.make(ground)
    report = Report(surface.name, seed)
    begun = time.monotonic()
    last = report_file.with_suffix(".last")
    log = ground.home.root / "errors.log"
    log.unlink(missing_ok=True)

    def one(case: Any) -> None:
        described = repr(case)
        last.write_text(described[:5000], errors="backslashreplace")
        report.cases += 1
        cpu, peak = time.process_time(), _peak()
        if surface.breaches is None:
            watch.begin()
        try:
            with _alarm():
                said = send(case)
            problem = f"{SECRET!r} was read" if SECRET in str(said or "") else None
        except BcosError as error:
            report.refused += 1
            problem = _wrong_words(error, surface)
        except (KeyboardInterrupt, hypothesis.errors.HypothesisException):
            raise
        except BaseException as error:
            problem = _place_of(error)
        finally:
            breaches = watch.end() if surface.breaches is None else surface.breaches()
        logged = log.read_text(errors="replace") if log.exists() else ""
        if logged.strip():  # a server makes the file before it writes: it is looked at after the next case
            problem = problem or _logged(logged, surface)
            log.unlink(missing_ok=True)
        if problem is None and (spent := time.process_time() - cpu) > SECONDS:
            problem = f"{spent:.0f} s of the processor"
        if problem is None and (grown := _peak() - peak) > GROWTH:
            problem = f"{grown >> 20} MB more memory"
        if problem is not None:
            report.crashes += 1
            report.note("crash", problem, described)
        for breach in breaches:
            report.note(breach.kind, breach.what, described)
        kinds = {breach.kind for breach in breaches}
        report.code_run += "code_run" in kinds
        report.outside_files += bool(kinds & {"outside_files", "network"})

    turn = 0
    while report.cases < cases:
        before = report.cases
        _round(strategy, one, min(ROUND, cases - report.cases), seed * 1_000_003 + turn)
        turn += 1
        if not ground.untouched():
            report.outside_files += 1
            report.note("outside_files", "the folder outside is not as it was", f"in round {turn}")
            break
        report.seconds = round(time.monotonic() - begun, 1)
        report.write(report_file)
        if report.cases == before:
            break
    return report


def _round(strategy: Any, one: Callable[[Any], None], cases: int, seed: int) -> None:
    @hypothesis.seed(seed)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def send_one(case: Any) -> None:
        one(case)

    send_one()


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise Hang(f"no end after {HANG_SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANG_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _wrong_words(error: BcosError, surface: Surface) -> str | None:
    """What is wrong with a refusal: it is no sentence, too long, cannot be sent, or says to a rater where files are."""
    message, name = str(error), type(error).__name__
    where = _frame(error)
    if len(message) < 10:
        return f"{name} of {message!r} at {where}"
    if len(message) > LONGEST_MESSAGE:
        return f"{name} of {len(message) // 1000} thousand characters at {where}"
    if SECRET in message:
        return f"{name} with the secret in it at {where}"
    if surface.raters and (str(CHECKOUT) in message or os.environ["BCOS_HOME"] in message):
        return f"{name} that tells a rater of a folder, at {where}"
    return None


def _place_of(error: BaseException) -> str:
    said = re.sub(r"0x[0-9a-f]+|\d+", "N", str(error))[:80]
    return f"{type(error).__name__} at {_frame(error)}: {said}"


def _frame(error: BaseException) -> str:
    """The innermost place in this project's own code."""
    own = [
        f"{Path(frame.filename).relative_to(CHECKOUT)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(f"{CHECKOUT}/") and ".venv" not in frame.filename
    ]
    return next((one for one in reversed(own) if not one.startswith("tests/")), own[-1] if own else "?")


def _logged(text: str, surface: Surface) -> str | None:
    """The last line of what a page put into the log, with the innermost place of this project in it. What Streamlit
    itself raises at a forged state of a widget is no crash: its page shows a sentence."""
    library = f"{sysconfig.get_path('stdlib')}/"  # such as the reader of JSON that Streamlit has asked
    files = [
        one
        for one in re.findall(r'File "([^"]*)", line', text)
        if not one.startswith(library) or "/site-packages/" in one
    ]
    if surface.breaches is not None and files and "/site-packages/streamlit/" in files[-1]:
        return None
    places = re.findall(rf'File "{re.escape(str(CHECKOUT))}/((?:bcos_core|pages)[^"]*)", line (\d+)', text)
    place = ":".join(places[-1]) if places else "?"
    return f"in the log: {re.sub(r'0x[0-9a-f]+|[0-9]+', 'N', text.strip().splitlines()[-1])[:100]} at {place}"


def outcome(reports: list[Report], seed: int) -> dict[str, Any]:
    """All surfaces in one object: what the command prints on its last line."""
    total: Counter[str] = Counter()
    for report in reports:
        for name in ("cases", "refused", "crashes", "code_run", "outside_files"):
            total[name] += getattr(report, name)
    return {
        "cases": {**{report.surface: report.cases for report in reports}, "all": total["cases"]},
        "refused": total["refused"],
        "crashes": total["crashes"],
        "code_run": total["code_run"],
        "outside_files": total["outside_files"],
        "seed": seed,
        "python": ".".join(map(str, sys.version_info[:3])),
    }
