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


# As libraries of papers have them, looked up entry by entry: publishers' pages, proceedings and reference lists.
PUBLISHED = {
    "boehle2022bcos": ("10329--10338", "10.1109/CVPR52688.2022.01008"),
    "ali2022xai": ("435--451", None),
    "achtibat2024attnlrp": ("135--168", None),
    "modarressi2023decompx": ("2649--2664", "10.18653/v1/2023.acl-long.149"),
    "sundararajan2017axiomatic": ("3319--3328", None),
    "zeiler2014visualizing": ("818--833", "10.1007/978-3-319-10590-1_53"),
    "erion2021improving": ("620--631", "10.1038/s42256-021-00343-w"),
    "castro2009polynomial": ("1726--1730", "10.1016/j.cor.2008.04.004"),
    "chen2020lstree": ("3454--3461", "10.1609/aaai.v34i04.5749"),
    "wang2023banzhaf": ("6388--6421", None),
    "lundberg2017unified": ("4765--4774", None),
    "ribeiro2016why": ("1135--1144", "10.1145/2939672.2939778"),
    "clark2019what": ("276--286", "10.18653/v1/W19-4828"),
    "abbasi2025normxlogit": ("34914--34935", None),
    "abnar2020quantifying": ("4190--4197", "10.18653/v1/2020.acl-main.385"),
}


def test_pages_and_identifiers_are_those_of_the_publishers() -> None:
    said = {key: tuple(map(CITATIONS[key].fields.get, ("pages", "doi"))) for key in CITATIONS}
    assert {key: found for key, found in said.items() if found != (None, None)} == PUBLISHED


def test_a_paper_that_a_description_names_is_cited() -> None:
    for method in METHODS.values():
        named = re.findall(r"arXiv (\d{4}\.\d{5})", method.description)
        assert set(named) <= {CITATIONS[key].fields.get("eprint") for key in method.cites}


def test_methods_that_share_a_paper_cite_it_once() -> None:
    assert bibtex(["lime", "lime", "saliency"]).count("@") == 2
    with pytest.raises(UnknownNameError):
        bibtex(["nothing"])
