"""RoBERTa (arXiv 1907.11692), and what shares its classes: XLM-R (arXiv 1911.02116), CamemBERT (arXiv 1911.03894)."""

from bcos_core.families.bert import APART_FROM, NORMS, STEPS
from bcos_core.families.family import Family, Step

TANH_HEAD = (Step(("classifier.dense",), until="classifier.out_proj"), Step(("classifier.out_proj",)))

ROBERTA = Family(
    name="roberta",
    title="RoBERTa",
    model_types=("roberta", "xlm-roberta", "camembert"),
    embeddings=("roberta.embeddings",),
    blocks="roberta.encoder.layer",
    steps=STEPS,
    norms=NORMS,
    head=TANH_HEAD,
    rebuilt=(("classifier", "LinearHead"),),
    apart_from=APART_FROM,
    first_position="after the padding id",
)
