"""Every method names the papers that it comes from."""

from __future__ import annotations

import re

import pytest

from bcos_core.attribution.citations import CITATIONS, bibtex
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import UnknownNameError


def test_every_method_but_chance_has_a_paper_and_every_paper_a_method() -> None:
    cited = {method.name: method.cites for method in METHODS.values()}
    assert [name for name, keys in cited.items() if not keys] == ["random"]
    assert {key for keys in cited.values() for key in keys} == set(CITATIONS)


@pytest.mark.parametrize("key", list(CITATIONS))
def test_an_entry_is_whole(key: str) -> None:
    citation = CITATIONS[key]
    assert citation.key == key and {"author", "title", "year"} <= set(citation.fields)
    assert {"article": "journal", "inproceedings": "booktitle", "misc": "eprint"}[citation.kind] in citation.fields
    text = citation.bibtex
    assert text.startswith(f"@{citation.kind}{{{key},\n") and text.endswith("}\n") and text.isascii()
    assert text.count("{") == text.count("}")
    assert citation.fields["year"] in key


def test_a_paper_that_a_description_names_is_cited() -> None:
    for method in METHODS.values():
        named = re.findall(r"arXiv (\d{4}\.\d{5})", method.description)
        assert set(named) <= {CITATIONS[key].fields.get("eprint") for key in method.cites}


def test_methods_that_share_a_paper_cite_it_once() -> None:
    assert bibtex(["lime", "lime", "saliency"]).count("@") == 2
    with pytest.raises(UnknownNameError):
        bibtex(["nothing"])
