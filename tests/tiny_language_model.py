"""A tiny random language model with a tokenizer of real texts: everything of the real thing but the sense."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from bcos_core.home import Home
from bcos_core.model.language_model import LanguageModel, wrap

LINES = [
    "The keys to the old cabinet are on the table, and Mary gave them to John.",
    "Then Mary and John went to the store. John gave a drink to Mary.",
    "He wasn't there; they weren't there. très 映画 😀",
] * 3
TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
LIMIT = 64
SETTINGS: dict[str, dict[str, Any]] = {
    "llama": {"num_key_value_heads": 2, "intermediate_size": 24},
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": LIMIT},
}


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """Bytes, as most decoders have them, with a token that opens every text; a shared one, not to be changed."""
    found = Tokenizer(models.BPE())
    found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    found.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<|start|>", "<|end|>"]
    found.train_from_iterator(
        LINES,
        trainers.BpeTrainer(
            vocab_size=380,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    found.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=found,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        additional_special_tokens=["<|start|>", "<|end|>"],
        chat_template=TEMPLATE,
    )


def network(kind: str = "llama", *, seed: int = 0, **changes: Any) -> PreTrainedModel:
    torch.manual_seed(seed)
    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": LIMIT,
        "vocab_size": len(tokenizer()),
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }
    config = AutoConfig.for_model(kind, **(sizes | SETTINGS[kind] | changes))
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(float(parameter.dim() == 1), 0.3)
    return model.eval()


def language_model(kind: str = "llama", **changes: Any) -> LanguageModel:
    return wrap(network(kind, **changes), tokenizer(), name=f"tiny {kind}")


def save_language_model(home: Home, name: str = "tiny", kind: str = "llama", **changes: Any) -> Path:
    """A folder among the models of a home, as transformers writes it."""
    folder = home.create().models / name
    network(kind, **changes).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder
