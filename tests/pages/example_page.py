"""Tokens: how a model's tokenizer cuts a text. A whole page, as `pages/tokens/page.py` would be."""

from __future__ import annotations

import streamlit as st

from pages.widgets import url
from pages.widgets.frame import empty_page, head, loading

head("Tokens", "How a model's tokenizer cuts a text.")  # first of all: it also asks who is there
with loading():  # what brings PyTorch, behind the head
    from bcos_core.text.encoding import encode
    from pages.widgets.resources import checkpoints, classifier


def show_tokens() -> None:
    models = checkpoints()
    if not models:
        empty_page("There is no trained model yet.", "Start on Home", "home/page.py")
        return
    # What is chosen stands in the address: a link shows the same.
    chosen = st.selectbox(
        "Model",
        models,
        format_func=lambda name: models[name].name,
        **url.bound("model", next(iter(models)), parse=url.one_of(models)),
    )
    text = st.text_input("Text", **url.bound("text", "A charming film."))
    model = classifier(models[chosen])
    (encoded,) = encode(model.tokenizer, [text], model.max_length)  # its errors are shown in words
    st.dataframe(
        {"token": token.text, "in the text": "" if token.added else text[token.start : token.end]}
        for token in encoded.tokens
    )


show_tokens()
