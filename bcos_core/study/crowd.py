"""Who answers a simulated study."""

from __future__ import annotations

from dataclasses import dataclass

from bcos_core.errors import StudyError


@dataclass(frozen=True)
class Crowd:
    """`raters` people (None: as many as fill the study), shared out among `writers` processes, of a `preference` in the
    unit of the protocol's taste (None: its usual one).

    With one writer, a study is answered the same for the same seed; several race for the items.

    Raises:
        StudyError: too few raters or writers.
    """

    raters: int | None = None
    writers: int = 1
    preference: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("raters", "writers"):
            given = getattr(self, name)
            if given is not None and given < 1:
                raise StudyError(f"{given} {name} are too few. Give 1 or more.")
