"""Tiny random classifiers and language models of the real classes, one or more configurations a family, and inputs for
them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, PreTrainedModel

from bcos_core.families import family_named
from bcos_core.model.auto import auto_class

VOCABULARY = 61
HIDDEN = 16
CLASSES = 3
PAD_ID = 1


@dataclass(frozen=True)
class Tiny:
    """A configuration: its model type, its settings, and how many tokens its model reads."""

    model_type: str
    settings: dict[str, Any] = field(default_factory=dict)
    tokens: int = 512


def _encoder(model_type: str, **settings: Any) -> Tiny:
    sizes = {
        "hidden_size": HIDDEN,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 512,
    }
    return Tiny(model_type, sizes | settings)


def _decoder(model_type: str, **settings: Any) -> Tiny:
    return _encoder(model_type, **{"num_key_value_heads": 2} | settings)


FROM_THE_PADDING_ID = {"max_position_embeddings": 514}

TINY = {
    "BERT": _encoder("bert"),
    "RoBERTa": _encoder("roberta", **FROM_THE_PADDING_ID),
    "XLM-R": _encoder("xlm-roberta", **FROM_THE_PADDING_ID),
    "CamemBERT": _encoder("camembert", **FROM_THE_PADDING_ID),
    "DistilBERT": Tiny("distilbert", {"dim": HIDDEN, "n_layers": 2, "n_heads": 4, "hidden_dim": 24}),
    "ELECTRA": _encoder("electra", embedding_size=8),
    "ALBERT": _encoder("albert", embedding_size=8, num_hidden_layers=3),
    "ALBERT, two groups": _encoder("albert", embedding_size=8, num_hidden_layers=4, num_hidden_groups=2),
    "MPNet": _encoder("mpnet", **FROM_THE_PADDING_ID),
    "ModernBERT": _encoder("modernbert", num_hidden_layers=3, global_attn_every_n_layers=2, local_attention=6),
    "ModernBERT, mean": _encoder("modernbert", classifier_pooling="mean", local_attention=6),
    "DeBERTa v2": _encoder(
        "deberta-v2", relative_attention=True, pos_att_type=["c2p", "p2c"], position_biased_input=True
    ),
    "DeBERTa v3": _encoder(
        "deberta-v2",
        relative_attention=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        share_att_key=True,
        position_buckets=8,
        norm_rel_ebd="layer_norm",
        type_vocab_size=0,
    ),
    "GPT-2": Tiny("gpt2", {"n_embd": HIDDEN, "n_layer": 2, "n_head": 4, "n_positions": 512}),
    "Llama": _decoder("llama"),
    "Mistral, sliding": _decoder("mistral", sliding_window=5),
    "Mistral": _decoder("mistral", sliding_window=None),
    "Qwen2": _decoder("qwen2"),
    "Qwen2, sliding": _decoder("qwen2", use_sliding_window=True, sliding_window=4, max_window_layers=1),
    "Qwen3": _decoder("qwen3", head_dim=8),
    "Gemma": _decoder("gemma", head_dim=8),
    "Gemma 3": _decoder(
        "gemma3_text",
        head_dim=8,
        query_pre_attn_scalar=8,
        num_hidden_layers=3,
        sliding_window=5,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
    "Phi-3": _decoder("phi3", pad_token_id=0),
    "Phi-3, partly rotary": _decoder("phi3", pad_token_id=0, sliding_window=7, partial_rotary_factor=0.5),
    "SmolLM3": _decoder("smollm3", no_rope_layers=[1, 0], pad_token_id=0),
    "OLMo 2": _decoder("olmo2"),
    "Granite": _decoder("granite", residual_multiplier=0.4, embedding_multiplier=3.0, attention_multiplier=0.3),
    "GPT-NeoX": _encoder("gpt_neox"),
    "GPT-NeoX, one after another": _encoder("gpt_neox", use_parallel_residual=False, rotary_pct=0.5),
    "OPT": _encoder("opt", ffn_dim=24, word_embed_proj_dim=HIDDEN),
    "StarCoder2": _decoder("starcoder2", sliding_window=5),
}


DECODERS = [name for name, tiny in TINY.items() if family_named(tiny.model_type).decoder]


def tiny_config(name: str, **changes: Any) -> Any:
    tiny = TINY[name]
    shared = {"vocab_size": VOCABULARY, "num_labels": CLASSES, "pad_token_id": PAD_ID}
    special = {"bos_token_id": 2, "eos_token_id": 2}
    return AutoConfig.for_model(tiny.model_type, **(shared | special | tiny.settings | changes))


def tiny_model(
    name: str, *, seed: int = 0, biases: bool = True, speaks: bool = False, **changes: Any
) -> PreTrainedModel:
    """In evaluation mode; every weight and bias is drawn, so that none is inert. Without `biases` they are all 0. One
    that `speaks` is a language model."""
    torch.manual_seed(seed)
    config = tiny_config(name, **changes)
    family = family_named(config.model_type)
    model: PreTrainedModel = auto_class(family.language_model if speaks else family).from_config(config)
    with torch.no_grad():
        for path, parameter in model.named_parameters():
            drawn = torch.randn_like(parameter)
            if path.endswith("bias") and "relative" not in path:
                parameter.copy_(drawn * (0.3 if biases else 0.0))
            elif parameter.dim() == 1:  # the weight of a norm
                parameter.copy_(1.0 + 0.2 * drawn)
            else:
                parameter.copy_(drawn * (1.0 if "emb" in path or "wte" in path or "wpe" in path else 0.35))
    return model.eval()


def ids_of(length: int, *, rows: int = 1, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Random token ids (rows, length) that are no special ones, and a mask of ones."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, VOCABULARY, (rows, length), generator=generator)
    return ids, torch.ones_like(ids)


def padded(ids: Tensor, mask: Tensor, width: int, *, side: str) -> tuple[Tensor, Tensor]:
    """The same rows padded to `width` on one side."""
    filler = torch.full((len(ids), width - ids.shape[1]), PAD_ID)
    parts = [(ids, filler), (mask, torch.zeros_like(filler))]
    first, second = (torch.cat(part if side == "right" else part[::-1], 1) for part in parts)
    return first, second
