"""BERT (arXiv 1810.04805)."""

from bcos_core.families.family import Family, Step

# Also of RoBERTa and ELECTRA.
STEPS = (
    Step(("attention.self.query", "attention.self.key", "attention.self.value"), "plain"),
    Step(("attention.output.dense",), sum_into="attention.output.LayerNorm"),
    Step(("intermediate.dense",)),
    Step(("output.dense",), sum_into="output.LayerNorm"),
)
NORMS = ("attention.output.LayerNorm", "output.LayerNorm")
APART_FROM = "attention.output"

BERT = Family(
    name="bert",
    title="BERT",
    model_types=("bert",),
    embeddings=("bert.embeddings",),
    blocks="bert.encoder.layer",
    steps=STEPS,
    norms=NORMS,
    head=(Step(("bert.pooler.dense",), until="classifier"), Step(("classifier",))),
    removed=("bert.pooler.activation",),
    apart_from=APART_FROM,
    weights="all-MiniLM-L6-v2, embedded",
)
