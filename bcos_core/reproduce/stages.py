"""What the parts of a run tell of their work, as parts of the run."""

from __future__ import annotations

from bcos_core.progress import Reporter


class Shifted:
    """Passes on what one piece of work tells, its stages counted among those of all the work: it begins at stage
    `first` of `count`. `title` goes before its own titles."""

    def __init__(self, reporter: Reporter, first: int, count: int, title: str = "") -> None:
        self._reporter, self._first, self._count, self._title = reporter, first, count, title

    def stage(self, title: str, index: int, count: int) -> None:
        whole = f"{self._title}: {title[:1].lower()}{title[1:]}" if self._title else title
        self._reporter.stage(whole, self._first + index, self._count)

    def progress(self, done: float, total: float, part: str = "") -> None:
        self._reporter.progress(done, total, part)

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None:
        self._reporter.given(done, total, part, None if stage is None else self._first + stage)

    def declare(self, seconds: float, part: str, stage: int) -> None:
        self._reporter.declare(seconds, part, self._first + stage)

    def metric(self, series: str, step: int, value: float) -> None:
        self._reporter.metric(series, step, value)

    def log(self, message: str) -> None:
        self._reporter.log(message)


class AsParts:
    """Passes on what one piece of work tells as parts of a single stage, the present one: each of its stages is a part
    of that name, after `prefix` where there is one. Its curves are left out: nobody looks at those of dozens of
    trainings at once."""

    def __init__(self, reporter: Reporter, prefix: str = "") -> None:
        self._reporter, self._prefix, self._part = reporter, prefix, ""

    def stage(self, title: str, index: int, count: int) -> None:
        self.end()
        self._part = f"{self._prefix}: {title}" if self._prefix else title
        self._reporter.log(f"  {title}")

    def end(self) -> None:
        """The last of its stages is over."""
        if self._part:
            self._reporter.progress(1, 1, self._part)

    def progress(self, done: float, total: float, part: str = "") -> None:
        self._reporter.progress(done, total, self._part)

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None:
        self._reporter.given(done, total, self._part)

    def declare(self, seconds: float, part: str, stage: int) -> None: ...

    def metric(self, series: str, step: int, value: float) -> None: ...

    def log(self, message: str) -> None:
        self._reporter.log(message)
