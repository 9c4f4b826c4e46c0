"""Which task to train on: an embedded one, a hub data set, or a file. Plain data, and how to load it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from bcos_core.errors import DataError
from bcos_core.home import given_path
from bcos_core.tasks.multi_label import MultiLabel
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.text.columns import require_different
from bcos_core.text.embedded import EMBEDDED_TASKS, EmbeddedTask
from bcos_core.text.examples import Examples, TaskData
from bcos_core.text.files import comes_with_rationales, load_file
from bcos_core.text.hub import load_hub
from bcos_core.text.named_data import KINDS, NamedData

__all__ = ["EMBEDDED_TASKS", "EmbeddedTask", "Examples", "TaskChoice", "TaskData", "load_task"]


@dataclass(frozen=True)
class TaskChoice(NamedData):
    """One task, named. `name` is an embedded task's name, a hub id, or the path of a file.

    A text or label column that is None is guessed when the task is loaded; a rationale column (see
    `bcos_core.text.rationales`) is read where one is named, and of data sets that are known (`bcos_core.text.corpora`).
    `type` is a name in `TASK_TYPES`, None for the usual one; `separator` is what stands between several labels in one
    cell. `second_column` holds the second texts of pairs, whose first are in `text_column`. An embedded task has none
    of these to choose.

    Raises:
        DataError: an unknown kind, not a hub id, or columns or a configuration where there are none to choose.
        UnknownNameError: an unknown embedded task or type.
    """

    kind: str
    name: str
    text_column: str | None = None
    label_column: str | None = None
    hub_config: str | None = None
    rationale_column: str | None = None
    type: str | None = None
    separator: str | None = None
    second_column: str | None = None

    def __post_init__(self) -> None:
        if self.type is not None:
            TASK_TYPES[self.type]
        if self.separator is not None and (self.type != MultiLabel.name or not self.separator.strip()):
            raise DataError(
                f"The separator {self.separator!r} stands between several labels in one cell: it is at least one "
                f"visible character, for tasks of the type {MultiLabel.name}."
            )
        if self.kind not in KINDS:
            raise DataError(f"Unknown kind of task {self.kind!r}. Known: {', '.join(KINDS)}.")
        if not self.name.strip():
            raise DataError(f"A task is named by {_FORMS}; an empty name was given.")
        if self.kind == "embedded":
            EMBEDDED_TASKS[self.name]
            if self.text_column or self.label_column or self.rationale_column or self.second_column:
                raise DataError(f"The embedded task {self.name!r} has no columns to choose. Leave them out.")
            if self.type not in (None, EMBEDDED_TASKS[self.name].type):
                raise DataError(
                    f"The embedded task {self.name!r} is of the type {EMBEDDED_TASKS[self.name].type}, not {self.type}."
                )
        self.require_hub()
        if self.second_column is not None and self.text_column is None:
            raise DataError(
                f"The second texts are in the column {self.second_column!r}; name the column of the first ones too."
            )
        require_different(
            {
                "text": self.text_column,
                "second text": self.second_column,
                "label": self.label_column,
                "rationale": self.rationale_column,
            }
        )

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        text_column: str | None = None,
        label_column: str | None = None,
        hub_config: str | None = None,
        rationale_column: str | None = None,
        type: str | None = None,
        separator: str | None = None,
        second_column: str | None = None,
    ) -> TaskChoice:
        """The task that `text` names: an embedded name, `hub:OWNER/NAME` or `hub:OWNER/NAME:CONFIG`, `file:PATH`,
        or the bare path of a file, or of a known data set's folder, that exists. Paths become absolute, so that a job
        started elsewhere finds them.

        Raises:
            DataError: it names nothing.
        """
        given = text.strip()
        prefix, _, rest = given.partition(":")
        columns = (rationale_column, type, separator, second_column)
        if given in EMBEDDED_TASKS:
            return cls("embedded", given, text_column, label_column, hub_config, *columns)
        if prefix == "hub":
            hub_id, _, config = rest.partition(":")
            if config and hub_config and config != hub_config:
                raise DataError(f"Two configurations were given, {config!r} and {hub_config!r}. Leave one out.")
            return cls("hub", hub_id, text_column, label_column, config or hub_config, *columns)
        path = given_path(rest if prefix == "file" else given)
        if rest if prefix == "file" else given and (path.is_file() or path.is_dir()):
            return cls("file", str(path.resolve()), text_column, label_column, hub_config, *columns)
        raise DataError(f"There is no task or file {text!r}. A task is named by {_FORMS}.")

    @property
    def columns(self) -> dict[str, str]:
        """What is said of the columns, each under the option of the command line that says it."""
        named = {
            "text-column": self.text_column,
            "second-column": self.second_column,
            "label-column": self.label_column,
            "rationale-column": self.rationale_column,
            "task-type": self.type,
            "label-separator": self.separator,
        }
        return {option: column for option, column in named.items() if column}

    @property
    def has_rationales(self) -> bool:
        """Whether people's (or the makers') reasons come with the texts."""
        if self.kind == "embedded":
            return EMBEDDED_TASKS[self.name].rationales
        return self.rationale_column is not None or (self.kind == "file" and comes_with_rationales(self.name))

    @property
    def pairs(self) -> bool:
        """Whether its texts are pairs, as far as is said: guessed columns are known when they are read."""
        if self.kind == "embedded":
            return len(EMBEDDED_TASKS[self.name].text_columns) == 2
        return self.second_column is not None

    def to_dict(self) -> dict[str, Any]:
        plain = asdict(self)
        if self.second_column is None:  # as it was before there were pairs: a request is known by what it says
            del plain["second_column"]
        return plain

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TaskChoice:
        """The choice that `to_dict` wrote.

        Raises:
            DataError: it is not one.
        """
        known = {field.name for field in fields(cls)}
        if not {"kind", "name"} <= set(data) <= known:
            raise DataError(f"This is not a task choice: it has {sorted(data)}, expected some of {sorted(known)}.")
        if wrong := sorted(name for name, value in data.items() if not isinstance(value, str | None)):
            raise DataError(
                f"This is not a task choice: its {wrong[0]} is {data[wrong[0]]!r}, expected text or nothing."
            )
        if data["kind"] is None or data["name"] is None:
            raise DataError("This is not a task choice: its kind or name is empty.")
        return cls(**data)


_FORMS = f"an embedded name ({', '.join(EMBEDDED_TASKS)}), hub:OWNER/NAME, file:PATH, or the path of a file"


def load_task(choice: TaskChoice) -> TaskData:
    """The data of a task.

    Raises:
        DataError: they cannot be used; the message says why.
        HubUnavailableError: a hub data set, and no hub.
    """
    if choice.kind == "embedded":
        return EMBEDDED_TASKS[choice.name].load()
    columns = (choice.text_column, choice.label_column, choice.rationale_column, choice.second_column)
    kind = TASK_TYPES[choice.type or USUAL]
    if choice.kind == "file":
        return load_file(choice.name, *columns, task_type=kind, separator=choice.separator)
    return load_hub(choice.name, choice.hub_config, *columns, task_type=kind, separator=choice.separator)
