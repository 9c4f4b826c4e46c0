"""What is known of a model folder without loading it: config.json, and the checkpoint.json beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from bcos_core.errors import CheckpointError, DataError, PathNotAllowedError, UnsupportedModelError
from bcos_core.families import family_named
from bcos_core.home import Home, allowed_roots, given_path, require_allowed
from bcos_core.model.about import About, read_about
from bcos_core.model.headers import Headers, output_count, safetensors_headers
from bcos_core.model.naming import name_of_model, told_apart
from bcos_core.model.trained_by import TrainedBy
from bcos_core.model.variants import (
    require_own_config,
    require_own_files,
    require_own_tensors,
    require_own_tokenizer,
    require_own_weights,
)
from bcos_core.storage.listing import Listing, list_folders
from bcos_core.storage.places import here
from bcos_core.storage.stored_json import from_plain, read_json
from bcos_core.tasks.next_token import NextToken
from bcos_core.tasks.registry import TASK_TYPES, USUAL, task_type_of
from bcos_core.tasks.regression import Regression
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.blank import is_blank
from bcos_core.text.tasks import TaskChoice

DETAILS_FILE = "checkpoint.json"
FORMAT_VERSION = 1
MOST_CLASSES = 10_000
"""Of a model from elsewhere; a task that is trained here has far fewer (`bcos_core.text.labels`)."""

WEIGHTS = ("consistency", "consistency_ranked", "masking")
"""Options of a recipe that are read again: scores say where a model was trained towards them."""

Scalar = bool | int | float | str | None
Name = Annotated[str, Meta(min_length=1, max_length=200)]
# Beside which others are looked for: never a path.
FolderName = Annotated[str, Meta(pattern=r"^[^./\\\x00][^/\\\x00]*\Z", max_length=200)]
Layers = Annotated[int, Meta(ge=1, le=256)]  # the deepest published models have 126
Positions = Annotated[int, Meta(ge=1, le=10_000_000)]
Moment = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}[0-9:.+Z-]*)?\Z", max_length=40)]


@dataclass(frozen=True)
class CheckpointInfo:
    """What is known of a checkpoint without loading its weights. `name` is what it is called
    (`bcos_core.model.naming`); what it is known by is its folder, and results by the hash of its files. `twin` is the
    folder name of the model trained on the same data with the same budget, beside it; `metrics` are the task's on
    `test_size` texts, by name, and `intervals` their 95 % intervals, as far as they were measured; `constant` those of
    the best one answer to every text (`bcos_core.model.learned`); `task_type` is a name in `TASK_TYPES`, or that of
    `NextToken` for a language model, which has no labels; `data` is the hash of the file that it was trained on;
    `created_at` is ISO 8601, UTC;
    `content` has hashes of its files as they were saved (`bcos_core.model.content`). `text_columns` are the names of
    the texts that it reads, one, or two of pairs; None of a model from elsewhere, which does not say. `trained_by` says
    on how many processes it was trained, and what the memory held. `about` is what people say of it."""

    path: Path
    name: str
    kind: str
    family: str
    labels: tuple[str, ...]
    max_length: int
    b: float | None = None
    task: dict[str, str | None] | None = None
    recipe: dict[str, Any] | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    test_size: int | None = None
    created_at: str = ""
    job: str | None = None
    twin: str | None = None
    content: dict[str, str] | None = None
    task_type: str = USUAL
    data: str | None = None
    text_columns: tuple[str, ...] | None = None
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    constant: dict[str, float] = field(default_factory=dict)
    trained_by: TrainedBy = field(default_factory=TrainedBy)
    about: About = field(default_factory=About)

    @property
    def pairs(self) -> bool | None:
        """Whether it reads two texts; None where that is not known."""
        return None if self.text_columns is None else len(self.text_columns) == 2


@dataclass(frozen=True)
class BcosSection:
    """What config.json says of a B-cos model: its structure is rebuilt from this before the weights are loaded."""

    b: Annotated[float, Meta(ge=1.0, le=100.0)]
    family: Annotated[str, Meta(max_length=100)] | None = None
    normalize_weights: bool = False
    keep_biases: bool = False
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True)
class ModelConfig:
    """The part of a config.json that is read before transformers reads the rest of it."""

    model_type: Annotated[str, Meta(max_length=100)] = "unknown"
    max_position_embeddings: Positions = 512
    n_positions: Positions | None = None  # as GPT-2 calls them
    pad_token_id: Annotated[int, Meta(ge=0)] | None = None
    num_labels: Annotated[int, Meta(ge=1, le=MOST_CLASSES)] | None = None
    id2label: Annotated[dict[str, Scalar], Meta(max_length=MOST_CLASSES)] | None = None
    bcos: BcosSection | None = None
    num_hidden_layers: Layers | None = None
    n_layers: Layers | None = None  # as DistilBERT calls them
    n_layer: Layers | None = None  # as GPT-2 does
    architectures: list[str] | None = None
    problem_type: Annotated[str, Meta(max_length=100)] | None = None
    position_embedding_type: Annotated[str, Meta(max_length=100)] | None = None
    is_decoder: bool = False
    add_cross_attention: bool = False

    @property
    def position_limit(self) -> int:
        """The most tokens that the model reads.

        Raises:
            UnsupportedModelError: a family that is not supported.
        """
        family = family_named(self.model_type)
        positions: int | None = getattr(self, family.positions)
        return family.position_limit(positions or self.max_position_embeddings, self.pad_token_id)

    @property
    def saved_by_language_model(self) -> bool:
        """Whether the file says that a language model was saved."""
        return any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in self.architectures or ())

    @property
    def saved_by_classifier(self) -> bool:
        """Whether a sequence classifier was saved, as far as the file says."""
        names = self.architectures
        return not names or any(name.endswith("ForSequenceClassification") for name in names)


_SHARES = frozenset(metric.name for kind in TASK_TYPES.values() for metric in kind.metrics if metric.proportion)


@dataclass(frozen=True)
class _Details:
    """checkpoint.json."""

    name: Name | None = None
    max_length: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    task: dict[str, str | None] | None = None
    recipe: dict[str, Scalar] | None = None
    accuracy: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None  # in the place of metrics before there were several
    metrics: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    constant: dict[str, float] = field(default_factory=dict)
    test_size: Annotated[int, Meta(ge=0)] | None = None
    trained_by: TrainedBy = field(default_factory=TrainedBy)
    created_at: Moment = ""
    job: FolderName | None = None
    twin: FolderName | None = None
    content: dict[str, str] | None = None
    data: Annotated[str, Meta(max_length=100)] | None = None
    task_type: Name | None = None
    # One text, before there were pairs.
    text_columns: Annotated[tuple[str, ...], Meta(min_length=1, max_length=2)] | None = ("text",)

    def __post_init__(self) -> None:
        for option in WEIGHTS:
            value = (self.recipe or {}).get(option, 0.0)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"the recipe's {option} is {value!r}; expected a number")
        for name, value in [*self.metrics.items(), *self.constant.items()]:
            if name in _SHARES and not 0 <= value <= 1:
                raise ValueError(f"its {name} is {value!r}; expected a share from 0 to 1")


@dataclass(frozen=True)
class _Version:
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True)
class _ConfigVersion:
    bcos: _Version | None = None


def read_info(path: str | Path) -> CheckpointInfo:
    """What the checkpoint folder of a classifier says of itself; a plain Hugging Face one is a conventional checkpoint.

    Raises:
        CheckpointError: not a model folder, damaged, or written by a newer format version.
        UnsupportedModelError: a model of a family that is not supported, or whose outputs are of no task; an adapter, a
            quantised model, one with code of its own.
    """
    path = Path(path)
    config, details = read_config(path), _read_details(path)
    family = family_named(config.model_type)
    headers = _own_headers(path)
    outputs = None if headers is None else output_count(headers, family.output)
    kind = _task_type(config, path, outputs, details.task_type)
    return _info(path, config, details, task_type=kind.name, labels=_labels(config, path, outputs))


def read_language_info(path: str | Path) -> CheckpointInfo:
    """What the folder of a language model says of itself: without labels, and its answers are the next token. One that
    was not made here is conventional, or a B-cos model by its config.json, and says no more.

    Raises:
        CheckpointError, UnsupportedModelError: as in `read_info`; also what is no language model.
    """
    path = Path(path)
    config, details = read_config(path), _read_details(path)
    family = family_named(config.model_type)
    if not (family.decoder and config.saved_by_language_model):
        saved = (config.architectures or ["an unknown class"])[0]
        raise UnsupportedModelError(
            f"{path.name} is no language model: it was saved as {saved}, of the family {family.title}, and has no head "
            "that gives the next word. Use smollm2, or a folder whose config.json names a class that ends in "
            "ForCausalLM."
        )
    if details.task_type not in (None, NextToken.name):
        raise CheckpointError(
            f"The config.json of {path.name} is of a language model, and its {DETAILS_FILE} of a model of the type "
            f"{details.task_type!r}. {ADVICE}"
        )
    _own_headers(path)
    return _info(path, config, details, task_type=NextToken.name, labels=())


def read_any_info(path: str | Path) -> CheckpointInfo:
    """The one or the other, by what was saved.

    Raises:
        CheckpointError, UnsupportedModelError: as they do.
    """
    return read_language_info(path) if read_config(Path(path)).saved_by_language_model else read_info(path)


def _own_headers(path: Path) -> Headers | None:
    """The headers of a folder's weights, where they are such as are read without loading them.

    Raises:
        UnsupportedModelError: an adapter, a quantised model, a tokenizer with code of its own.
    """
    headers = safetensors_headers(path)
    require_own_tensors(headers or (), path.name)
    require_own_tokenizer(path)
    return headers


def _info(
    path: Path, config: ModelConfig, details: _Details, *, task_type: str, labels: tuple[str, ...]
) -> CheckpointInfo:
    section = config.bcos
    if section is not None and section.family not in (None, config.model_type):
        raise CheckpointError(
            f"The config.json of {path.name} is of a {config.model_type!r} model, and its bcos section of a "
            f"{section.family!r} model. {ADVICE}"
        )
    about, b = _about(path), section.b if section else None
    return CheckpointInfo(
        path=path,
        name=name_of_model(
            details.name or path.name,
            job=details.job,
            b=b,
            about=about,
            bcos_twin=_about(path.parent / details.twin) if b is None and details.twin else None,
        ),
        kind="bcos" if section else "conventional",
        family=family_named(config.model_type).title,
        labels=labels,
        max_length=min(details.max_length or config.position_limit, config.position_limit),
        b=b,
        task=here(details.task),
        recipe=details.recipe,
        metrics=details.metrics or ({} if details.accuracy is None else {"accuracy": details.accuracy}),
        test_size=details.test_size,
        created_at=details.created_at,
        job=details.job,
        twin=details.twin,
        content=details.content,
        data=details.data,
        task_type=task_type,
        text_columns=details.text_columns,
        intervals=details.intervals,
        constant=details.constant,
        trained_by=details.trained_by,
        about=about,
    )


def list_checkpoints(home: Home) -> Listing[CheckpointInfo]:
    """The finished checkpoints under `home.models`, newest first, no two of one name, and the folders that cannot be
    read."""
    listing = list_folders(home.models, read_info)
    return Listing(told_apart(_newest_first(listing.found)), listing.left_out)


def list_language_models(home: Home) -> Listing[CheckpointInfo]:
    """The language models under `home.models`, newest first, no two of one name, and the folders that cannot be read,
    of whatever they are."""
    listing = list_folders(home.models, read_any_info)
    speaking = (info for info in listing if info.task_type == NextToken.name)
    return Listing(told_apart(_newest_first(speaking)), listing.left_out)


def list_models(home: Home) -> tuple[CheckpointInfo, ...]:
    """Classifiers and language models under `home.models`, no two of one name."""
    return told_apart([*list_checkpoints(home), *list_language_models(home)])


def _newest_first(found: Iterable[CheckpointInfo]) -> list[CheckpointInfo]:
    return sorted(found, key=lambda info: (info.created_at, info.path.name), reverse=True)


def trained_on(info: CheckpointInfo) -> TaskChoice:
    """The task that a checkpoint says it was trained on.

    Raises:
        DataError: it does not say, or what it says is no task.
        PathNotAllowedError: a file outside the allowed roots: a checkpoint may come from anywhere, and must not choose
            which of this machine's files are read and shown.
    """
    if info.task is None:
        raise DataError(f"{info.name} does not say what it was trained on. Name a task, or choose another model.")
    choice = TaskChoice.from_dict(info.task)
    if choice.kind == "file":
        try:
            require_allowed(choice.name)
        except PathNotAllowedError:
            listed = ", ".join(map(str, allowed_roots()))
            raise PathNotAllowedError(
                f"{info.name} says that it was trained on the file {choice.name!r}, which lies outside the folders "
                f"that may be read ({listed}). If that is so, set BCOS_ROOTS to the file's folder, or name the file on "
                "the command line."
            ) from None
    return choice


def read_config(path: Path) -> ModelConfig:
    """config.json of a model folder.

    Raises:
        CheckpointError: there is none, it is damaged, it was written by a newer format version, or a file of the folder
            is a link that leads out of it.
        UnsupportedModelError: an adapter, a quantised model, one with code of its own.
        PathNotAllowedError: no folder can be called so.
    """
    path = given_path(path)
    require_own_files(path)
    require_own_weights(path)
    if not path.is_dir():
        raise CheckpointError(f"There is no folder {str(path)!r}. Give a folder with a config.json and weights in it.")
    file = path / "config.json"
    if not file.is_file():
        raise CheckpointError(
            f"The folder {str(path)!r} is not a model: it has no config.json. "
            "Give a folder that save_pretrained wrote (config.json, model.safetensors, tokenizer.json)."
        )
    # All of it, not only what is used here: transformers would read a number that is not finite, too.
    content = read_json(file, dict[str, Any], error=CheckpointError, advice=ADVICE)
    section = from_plain(content, _ConfigVersion, error=CheckpointError, what=str(file), advice=ADVICE).bcos
    _require_version(section or _Version(), path)
    require_own_config(content, path.name)
    return from_plain(content, ModelConfig, error=CheckpointError, what=str(file), advice=ADVICE)


ADVICE = "Train the model again, or copy the folder anew."


def _read_details(path: Path) -> _Details:
    file = path / DETAILS_FILE
    if not file.exists():
        return _Details(text_columns=None)
    _require_version(read_json(file, _Version, error=CheckpointError, advice=ADVICE), path)
    return read_json(file, _Details, error=CheckpointError, advice=ADVICE)


def _about(path: Path) -> About:
    """What people say of it; nothing where that cannot be read, which `checkpoint_notes` tells: a damaged note must not
    hide a model."""
    try:
        return read_about(path)
    except CheckpointError:
        return About()


def _require_version(stored: _Version, path: Path) -> None:
    """First of all: what a newer program wrote need not look like what this one expects."""
    if not 1 <= stored.format_version <= FORMAT_VERSION:
        raise CheckpointError(
            f"The checkpoint {path.name} has format version {stored.format_version!r}; this program reads up to "
            f"{FORMAT_VERSION}. Update the program."
        )


def _task_type(config: ModelConfig, path: Path, outputs: int | None, trained_for: str | None) -> TaskType:
    """What the outputs of a model are: transformers' `problem_type` says it, or their number; of several types of task
    that share it, the one that the model was `trained_for`.

    Raises:
        UnsupportedModelError: neither says anything that is known.
        UnknownNameError: it was trained for a type of task that is not there.
    """
    found = _problem_type(config, path, outputs)
    if trained_for is None or TASK_TYPES[trained_for].problem_type != found.problem_type:  # saved before it was said
        return found
    return TASK_TYPES[trained_for]


def _problem_type(config: ModelConfig, path: Path, outputs: int | None) -> TaskType:
    """The first type of task whose outputs are the model's."""
    if not config.saved_by_classifier:
        raise UnsupportedModelError(
            f"{path.name} was saved as {(config.architectures or [''])[0]}, which is no classifier of texts. "
            "Train one from it first (train --model)"
            + (", or ask it for the next word (explain --next-token)." if config.saved_by_language_model else ".")
        )
    count = outputs or config.num_labels or len(config.id2label or {})
    if config.problem_type is None and count == 1:  # as transformers has it
        return TASK_TYPES[Regression.name]
    found = task_type_of(config.problem_type)
    if found is None:
        known = ", ".join(repr(one.problem_type) for one in TASK_TYPES.values())
        raise UnsupportedModelError(f"{path.name} has the problem_type {config.problem_type!r}; known are {known}.")
    if (count == 1) != (found.name == Regression.name):
        raise UnsupportedModelError(
            f"{path.name} has the problem_type {config.problem_type!r} and {count} outputs; "
            f"{'a score has one' if count != 1 else 'labels are two or more'}. Correct its config.json."
        )
    return found


def _labels(config: ModelConfig, path: Path, outputs: int | None) -> tuple[str, ...]:
    """The class names, in the order of the outputs, of which the weights have `outputs` where that is known; a class
    without a name goes by its number.

    Raises:
        CheckpointError: names for other outputs than the model has.
    """
    names = config.id2label or {}
    count = outputs or config.num_labels or len(names) or 2  # as transformers has it
    if names and set(names) != {str(index) for index in range(count)}:
        raise CheckpointError(
            f"The id2label in the config.json of {path.name} names {len(names)} classes "
            f"({', '.join(sorted(names)[:5])} …), but the model has the outputs 0 to {count - 1}. "
            "Give every output one name there, or none to any."
        )
    labels = tuple(_label(names.get(str(index)), index) for index in range(count))
    if len(set(labels)) < count:
        twice = next(label for label in labels if labels.count(label) > 1)
        raise CheckpointError(
            f"Two outputs of {path.name} have the name {twice!r}, so neither can be asked for. "
            "Give every output a name of its own in the id2label of its config.json."
        )
    return labels


def _label(name: Scalar, index: int) -> str:
    return str(index) if name is None or is_blank(str(name)) else str(name)
