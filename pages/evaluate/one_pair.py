"""One minimal pair: what every method says of it on every model, with the evidence in a box."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from transformers import PreTrainedTokenizerBase

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.minimal_pairs.answers import Answer, Answers
from bcos_core.minimal_pairs.folders import LanguageFolder, read_folder
from bcos_core.minimal_pairs.questions import Question, ask
from bcos_core.minimal_pairs.result import PairsResult, Speaker
from bcos_core.minimal_pairs.settled import Settled, settle
from bcos_core.minimal_pairs.spec import PairsSpec
from bcos_core.minimal_pairs.table import read_from
from bcos_core.minimal_pairs.words import Names
from bcos_core.model.identity import folder_identity
from bcos_core.model.info import read_config
from bcos_core.model.skeleton import transformers_config
from bcos_core.model.tokenizer import load_tokenizer
from bcos_core.numbers import count, number
from bcos_core.render.pair_strips import pair_strips
from bcos_core.render.palette import PALETTES
from bcos_core.storage.evidence import EvidenceStore
from pages.evaluate.pair_records import AskedPair, export_menu
from pages.server.roles import database
from pages.widgets.errors import guard
from pages.widgets.language_models import is_called, language_models
from pages.widgets.plain import plain
from pages.widgets.strips import strips

_WORDS = 4  # are named of where a model began to read
_GENERATED = "10"  # tokens that Generate writes after the prompt


def show_pair(result: PairsResult, spec: PairsSpec, names: Names, pair: str) -> None:
    """The pair of that name on every model that was asked about it."""
    one = result.pairs[pair]
    st.subheader(plain(f"Why “{one.good.strip()}” and not “{one.bad.strip()}”?"), anchor=False)
    evidence = f" “{one.evidence_word}”, in the box, decides it." if one.evidence else ""
    st.caption(
        plain(
            f"Heat: what speaks for the right word is blue, what speaks for the wrong one orange; full colour is the "
            f"largest value of a row.{evidence}"
        )
    )
    columns = st.columns(len(result.speakers), gap="large")
    asked: list[AskedPair] = []
    for source, speaker, column in zip(spec.checkpoints, result.speakers, columns, strict=True):
        with column, guard():
            st.markdown(f"**{plain(names[speaker.checkpoint])}** {plain(_prefers(result, speaker, pair))}")
            if pair in speaker.differences:
                asked.append(_model(result, spec, source, speaker, pair, names[speaker.checkpoint]))
    if asked:
        export_menu(asked)


def _prefers(result: PairsResult, speaker: Speaker, pair: str) -> str:
    difference = speaker.differences.get(pair)
    if difference is None:
        return "was not asked: in its tokens the two words do not part at one place after this text."
    one = result.pairs[pair]
    if difference == 0:
        return "prefers neither word: their logits are equal."
    word = (one.good if difference > 0 else one.bad).strip()
    return f"prefers “{word}”: its logit is higher by {number(abs(difference))}."


def _model(result: PairsResult, spec: PairsSpec, source: str, speaker: Speaker, pair: str, name: str) -> AskedPair:
    """The heatmaps of one model, from what was kept of the run.

    Raises:
        InputError: the model's files have changed, or what it answered is not kept any more.
        CheckpointError: it is gone.
    """
    folder = read_folder(source)
    identity = folder_identity(folder.path)
    if identity != speaker.identity:
        raise InputError(f"The files of {name} have changed since, so that its heatmaps would be others. Ask it again.")
    tokenizer = _tokenizer(str(folder.path), identity)
    (question,), _ = ask([result.pairs[pair]], tokenizer)
    methods = _methods(result, spec, folder, identity, tokenizer)
    answers = _answers(methods, question)
    if not answers:
        raise InputError("What was explained is not kept any more. Run it again.")
    strips(
        pair_strips(question, answers, PALETTES["blue-orange"], unit=spec.unit),
        key=f"strips-{speaker.checkpoint}",
    )
    if first := read_from(question.prompt, next(iter(answers.values())).tokens):
        st.caption(
            plain(
                f"Read from “{' '.join(question.prompt[first:].split()[:_WORDS])} …” on: this model reads the last "
                f"{count(folder.max_length, 'token')} of a prompt alone."
            )
        )
    _to_generate(folder, question, speaker.differences[pair], key=f"generate-{speaker.checkpoint}")
    return AskedPair(name, folder, identity, question, tuple(methods))


def _methods(
    result: PairsResult,
    spec: PairsSpec,
    folder: LanguageFolder,
    identity: str,
    tokenizer: PreTrainedTokenizerBase,
) -> list[Settled]:
    names = [one.method for one in result.contenders if one.checkpoint == folder.path.name]
    return [settle(name, spec, folder, identity, tokenizer) for name in names if not METHODS[name].chance]


def _answers(methods: list[Settled], question: Question) -> dict[str, Answer]:
    store = Answers(EvidenceStore(database()))
    found = {one.method.name: store.kept(one.subject, question) for one in methods}
    return {name: answer for name, answer in found.items() if answer is not None}


@st.cache_resource(max_entries=4, show_spinner="Reading the tokenizer …")
def _tokenizer(path: str, identity: str) -> PreTrainedTokenizerBase:
    folder = Path(path)
    return load_tokenizer(folder, transformers_config(folder, read_config(folder))).tokenizer


def _to_generate(folder: LanguageFolder, question: Question, difference: float, *, key: str) -> None:
    """To the same prompt on Generate, where the model goes on by itself: the foil is the word that it likes less."""
    name = Path(folder.source).name
    here = name in language_models()[0] and is_called(name, folder.path)
    help = (
        "What this model writes after the same text, and why that rather than "
        f"“{plain((question.pair.bad if difference >= 0 else question.pair.good).strip())}”: heatmaps that add up, "
        "strikes, other words."
    )
    if st.button("Open in Generate", disabled=not here, help=help if here else "The model is not here.", key=key):
        st.switch_page(
            "generate/page.py",
            query_params={
                "model": name,
                "prompt": question.prompt,
                "written": "1",
                "most": _GENERATED,
                "at": "0",
                "foil": str(question.bad if difference >= 0 else question.good),
            },
        )
