"""What a model answers, as a record keeps it: every class of a classifier, of a vocabulary a few tokens."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from bcos_core.attribution.method import Method
from bcos_core.attribution.record import Attribution, ReadPrompt, Target
from bcos_core.model.classifier import Classifier
from bcos_core.model.language_model import LanguageModel
from bcos_core.model.next_token import alternatives
from bcos_core.model.text_model import TextModel
from bcos_core.tasks.next_token import NextToken
from bcos_core.text.encoding import Encoded


@dataclass(frozen=True)
class Answer:
    """`outputs` are the numbers of the outputs that the rest is of; `kind` is the name of a kind of answers."""

    kind: str
    outputs: tuple[int, ...]
    labels: tuple[str, ...]
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]

    def label_of(self, output: int) -> str:
        return self.labels[self.outputs.index(output)]


def kind_of_answers(model: TextModel) -> str:
    """The name of the kind of answers that a model gives."""
    return model.task_type.name if isinstance(model, Classifier) else NextToken.name


def answers_of(model: TextModel, logits: Tensor, target: Target | None) -> list[Answer]:
    """One for each row of logits (batch, outputs). Of a vocabulary are kept what `target` names, and the likeliest."""
    if isinstance(model, LanguageModel):
        named = None if target is None else [one for one in (target.index, target.minus) if one is not None]
        # Which of equal logits is the largest, or of some that are no numbers, argmax alone says.
        kept = [alternatives(model, row, asked=[int(row.argmax())] if named is None else named) for row in logits]
        return [Answer(NextToken.name, one.ids, one.texts, one.logits, one.probabilities) for one in kept]
    assert isinstance(model, Classifier)
    outputs, name = tuple(range(len(model.labels))), model.task_type.name
    found = [model.task_type.prediction(row, model.labels) for row in logits.tolist()]
    return [Answer(name, outputs, model.labels, one.logits, one.probabilities) for one in found]


def kept_outputs(record: Attribution, logits: Tensor) -> Tensor:
    """Of logits (outputs,) those that a record keeps."""
    return logits if record.prompt is None else logits[list(record.prompt.outputs)]


def probabilities_of(record: Attribution, model: TextModel, logits: Tensor) -> tuple[float, ...]:
    """Of logits (outputs,) of a model, in the order of the record's own."""
    if isinstance(model, Classifier):
        return model.task_type.prediction(logits.tolist(), model.labels).probabilities
    return tuple(kept_outputs(record, logits.double().softmax(0)).tolist())


def prompt_of(
    model: TextModel, text: Encoded, answer: Answer, method: Method, notes: tuple[str, ...]
) -> ReadPrompt | None:
    """What a record of a language model says of its prompt; None of a classifier."""
    if not isinstance(model, LanguageModel):
        return None
    said = [*notes]
    if text.truncated_at is not None:
        said.insert(0, front_cut_off(model, text.truncated_at))
    if method.additive and method.on_bcos and not model.is_bcos:
        said.append(as_it_stands(model))
    return ReadPrompt(text.ids, answer.outputs, model.vocabulary, tuple(said))


def front_cut_off(model: LanguageModel, characters: int) -> str:
    """What to say of a prompt that is longer than the model reads."""
    return (
        f"The prompt has more tokens than the {model.max_length:,} that the model reads: its front is cut off, "
        f"{characters:,} characters of it."
    )


def as_it_stands(model: LanguageModel) -> str:
    """What was not trained of a model whose own sum is shown."""
    exact = (
        "the network's biases have a share of the sum, which no token has"
        if model.has_biases
        else "it has no biases, so that its logits are sums over tokens as it stands (B = 1), exactly"
    )
    return (
        f"{model.name} was not converted: {exact}. Nothing was trained for this sum, in particular no weight to align "
        "with what it reads."
    )
