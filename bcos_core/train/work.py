"""The work folder of a training job: what is finished, and what it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from bcos_core.errors import JobError
from bcos_core.storage.places import here
from bcos_core.storage.stored_json import from_plain, read_json, to_json

Kept = TypeVar("Kept")

INPUTS = "inputs"
PARTIAL = ".partial"


@dataclass(frozen=True)
class Inputs:
    """What a job was started on: hashes of what was asked, of the data and of the pretrained model with its tokenizer
    (None before it was loaded); and the versions of the libraries, by name."""

    asked: str
    data: str
    libraries: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None


@dataclass(frozen=True)
class WorkFolder:
    """Results of finished stages, one file each, written whole. `job` is for the messages."""

    path: Path
    job: str

    def create(self) -> WorkFolder:
        self.path.mkdir(parents=True, exist_ok=True)
        return self

    def known(self, name: str, kind: type[Kept]) -> Kept | None:
        """The result of a stage, None before it is finished.

        Raises:
            JobError: it cannot be read.
        """
        file = self.path / f"{name}.json"
        if not file.exists():
            return None
        stored = here(read_json(file, dict[str, Any], error=JobError, advice=self._way_out))
        return from_plain(stored, kind, error=JobError, what=str(file), advice=self._way_out)

    def keep(self, name: str, result: Any) -> None:
        """Keep the result of a stage, a dataclass.

        Raises:
            StorageError: a number in it is not finite.
        """
        partial = self.path / f"{name}{PARTIAL}"
        partial.write_text(to_json(asdict(result), f"The result of {name}"), encoding="utf-8")
        partial.replace(self.path / f"{name}.json")

    def begin(self, inputs: Inputs, task: str) -> str:
        """Go on only from what was made of the same; what differs without harm, in words.

        Raises:
            JobError: the data or the request are not those that the job was started on.
        """
        known = self.known(INPUTS, Inputs)
        if known is None:
            # What was killed while it wrote this very file has left the beginning of it, and nothing else.
            if any(path.suffix != PARTIAL for path in self.path.iterdir()):
                raise JobError(f"What is left of this job does not say what it was made of. {self._way_out}")
            self.keep(INPUTS, inputs)
            return ""
        if known.asked != inputs.asked:
            raise JobError(f"This job was started on another request than this one. {self._way_out}")
        if known.data != inputs.data:
            raise JobError(
                f"The data of {task} have changed since this job was started: what is trained already would be mixed "
                f"with other texts or classes. {self._way_out} Or put the data back as they were, and resume."
            )
        changed = [
            f"{name} {known.libraries.get(name)} → {now}"
            for name, now in inputs.libraries.items()
            if known.libraries.get(name) != now
        ]
        return f"Goes on under other versions than it was started with: {', '.join(changed)}." if changed else ""

    def require_model(self, identity: str, name: str) -> None:
        """
        Raises:
            JobError: it is not the pretrained model, or not with the tokenizer, that the job was started on.
        """
        inputs = self.known(INPUTS, Inputs)
        assert inputs is not None  # `begin` comes first
        if inputs.model is None:
            self.keep(INPUTS, replace(inputs, model=identity))
        elif inputs.model != identity:
            raise JobError(
                f"The pretrained model {name} or its tokenizer has changed since this job was started: the two models "
                f"would not be of one origin. {self._way_out} Or put the model back as it was, and resume."
            )

    @property
    def _way_out(self) -> str:
        return f"Begin anew: `python -m bcos_core jobs retry {self.job}`, or Retry on the Jobs page."
