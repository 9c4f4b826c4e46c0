"""What a model writes, token by token, kept between runs of the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.model.generate import Written, generate
from bcos_core.model.language_model import LanguageModel
from bcos_core.text.encoding import Encoded
from bcos_core.text.prompt import Prompt, encode_prompt
from pages.widgets.coming import Coming


class Writing:
    """A continuation as far as it is there, and the way on. What is not written yet costs nothing but the cache of the
    tokens before it. `read` is the prompt as the model reads it."""

    def __init__(self, model: LanguageModel, prompt: Prompt, *, temperature: float, seed: int) -> None:
        self.read: Encoded = encode_prompt(model.tokenizer, prompt, model.max_length)
        # How many are wanted is the page's to say: a writing that was ended by it can go on.
        self._coming = Coming(
            generate(model, self.read, max_tokens=model.max_length, temperature=temperature, seed=seed)
        )

    @property
    def steps(self) -> tuple[Written, ...]:
        """What has been written so far."""
        return self._coming.found

    @property
    def ended(self) -> bool:
        """Whether the model writes no more."""
        steps = self.steps
        return bool(steps) and steps[-1].end is not None

    def write(self, count: int) -> None:
        """One token more, unless `count` are there or the model writes no more.

        Raises:
            NotFiniteError: logits that are no numbers.
        """
        if not self.ended:
            self._coming.go_on(count)


def writing(model: LanguageModel, prompt: str, *, chat: bool, temperature: float, seed: int) -> Writing:
    """The one of these settings; begun where there is none.

    Raises:
        TextError: an empty prompt.
        UnsupportedModelError: a chat, and the tokenizer has no template for one.
        InputError: a number that is out of range.
    """
    spoken = (model.stop_ids, str(model.tokenizer.chat_template))
    return _writing(model.identity, spoken, prompt, chat, temperature, seed, model)


# Each one that is not at its end holds keys and values of its tokens: SmolLM2 46 kB for one.
@st.cache_resource(max_entries=8, show_spinner=False)
def _writing(
    identity: str,
    spoken: tuple[Any, ...],
    prompt: str,
    chat: bool,
    temperature: float,
    seed: int,
    _model: LanguageModel,
) -> Writing:
    said: Prompt = [{"role": "user", "content": prompt}] if chat else prompt
    return Writing(_model, said, temperature=temperature, seed=seed)
