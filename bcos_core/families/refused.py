"""Families that people ask for and that cannot be had, with the reason."""

SOFT_CAPPING = "its attention scores are capped by a tanh (soft-capping), which fused attention does not compute"
OWN_ATTENTION = "its attention cannot be exchanged for one whose probabilities are constant"

REFUSED = {
    "gemma2": SOFT_CAPPING,
    "gemma3": "it reads images too; its text model (gemma3_text) can be used",
    "gpt_oss": "its attention has sinks, which take a share of the probability and carry nothing",
    "cohere": "transformers has no sequence classifier of it",
    "bloom": OWN_ATTENTION,
    "gpt_neo": OWN_ATTENTION,
    "falcon": "its linears are of a class of its own",
    "deberta": "the first version fuses its projections with biases of its own; use DeBERTa v2 or v3",
    "t5": "it is an encoder and a decoder",
}
