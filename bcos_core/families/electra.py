"""ELECTRA (arXiv 2003.10555): BERT's blocks; a narrow embedding is projected to their width before them."""

from bcos_core.families.bert import APART_FROM, NORMS, STEPS
from bcos_core.families.family import Family, Step

ELECTRA = Family(
    name="electra",
    title="ELECTRA",
    model_types=("electra",),
    embeddings=("electra.embeddings", "electra.embeddings_project"),
    blocks="electra.encoder.layer",
    steps=STEPS,
    norms=NORMS,
    head=(Step(("classifier.dense",)), Step(("classifier.out_proj",))),
    apart_from=APART_FROM,
)
