"""Choosing what to ask by minimal pairs: models, pairs, methods and how many; and about how long that takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.attribution.method import Method
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import BcosError, DataError
from bcos_core.home import get_home, require_allowed
from bcos_core.minimal_pairs.folders import LanguageFolder, expected_folder, ready_folder, usual_methods
from bcos_core.minimal_pairs.job import MINIMAL_PAIRS
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.paradigms import PARADIGMS
from bcos_core.minimal_pairs.plan import passes
from bcos_core.minimal_pairs.reading import PREFIX, SENTENCES, read_pairs
from bcos_core.minimal_pairs.spec import PairsSpec
from bcos_core.model.embedded import EMBEDDED_MODELS
from bcos_core.numbers import count
from bcos_core.option import options_of
from bcos_core.storage.listing import Listing
from bcos_core.tasks.next_token import NextToken
from pages.server.roles import require_member
from pages.widgets import url
from pages.widgets.errors import show_error
from pages.widgets.jobs import job_store, time_needed
from pages.widgets.left_out import left_out_rows
from pages.widgets.method_checklist import method_checklist
from pages.widgets.option import option_field
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.supervision import before_a_start
from pages.widgets.uploads import FILE, TABLES, upload_several, uploads

_OPTIONS = options_of(PairsSpec)
_ABOUT_FILES = (
    "One pair a row, as BLiMP has them: the columns "
    f"{', '.join(PREFIX)}, or {' and '.join(SENTENCES)}; and, where it is known, the word that decides in a column "
    "“evidence”. They stay on this machine."
)
_BUTTON = "Ask the models"


def choose_pairs(known: dict[str, str]) -> None:
    """The form. The address holds every choice, so that a link proposes the same."""
    names = st.multiselect(
        "Language models",
        list(known),
        format_func=known.__getitem__,
        help="Two or more are asked about the same pairs and stand beside each other: an original and one that was "
        "converted from it, for example.",
        **url.bound_list("asked", list(known)[:2], known),
    )
    folders = [expected_folder(_source(name)) for name in names]
    sources = _choose_sources()
    measures = st.multiselect(
        "Scores",
        list(MEASURES),
        format_func=lambda name: MEASURES[name].title,
        help="\n".join(f"- **{plain(one.title)}**: {plain(one.description)}" for one in MEASURES.values()),
        **url.bound_list("pairs-score", list(MEASURES), MEASURES),
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        numbers = {name: option_field(f"pairs-{name}", option, option.default) for name, option in _OPTIONS.items()}
        methods, options = _choose_methods(folders)
    wrong = [option for name, option in _OPTIONS.items() if not option.fits(numbers[name])]
    for option in wrong:
        st.error(plain(f"{option.title}: expected {option.expected}."))
    if not (folders and sources and methods and measures) or wrong:
        help = "Change the number first." if wrong else "Choose a model, pairs, a score and a method at least."
        st.button(_BUTTON, type="primary", disabled=True, help=help)
        return
    spec = PairsSpec(
        checkpoints=tuple(folder.source for folder in folders),
        sources=tuple(sources),
        methods=tuple(method.name for method in methods),
        measures=tuple(name for name in MEASURES if name in measures),
        options=options,
        **numbers,
    )
    before_a_start()
    with st.container(horizontal=True, vertical_alignment="center"):
        if offer(st.button, _BUTTON, Action.SUBMIT_JOB, type="primary"):
            _submit(spec)
        st.markdown(plain(_price_in_words(spec, folders)), width="content")


def _source(name: str) -> str:
    """A language model as a request names it: the embedded one by its name, another by its folder."""
    folder = get_home().models / name
    return name if name in EMBEDDED_MODELS and not folder.is_dir() else str(folder)


def _choose_sources() -> list[str]:
    """Paradigms by name and files by path, with what is wrong with a file."""
    chosen = st.multiselect(
        "Built-in pairs",
        list(PARADIGMS),
        format_func=lambda name: PARADIGMS[name].title,
        help="\n".join(f"- **{plain(one.title)}**: {plain(one.description)}" for one in PARADIGMS.values()),
        **url.bound_list("paradigm", list(PARADIGMS)[:1], PARADIGMS),
    )
    with st.expander(
        "Your own pairs", icon=":material/upload_file:", expanded=bool(url.read(FILE) or url.read("path"))
    ):
        upload_several(TABLES, _ABOUT_FILES)
        sent = [name for name in url.read_all(FILE) if name]
        if sent:
            st.multiselect(
                "Uploaded", sent, format_func=lambda name: Path(name).name, **url.bound_list(FILE, sent, sent)
            )
        given = st.text_input(
            "Or a file, or a folder of files, on this machine",
            placeholder="a path under BCOS_HOME or BCOS_ROOTS",
            **url.bound("path", ""),
        ).strip()
        files = _readable([*uploads(), *(_files_at(given) if given else [])])
    return [*(name for name in PARADIGMS if name in chosen), *files]


def _files_at(given: str) -> list[Path]:
    """
    Raises:
        PathNotAllowedError: it lies outside of what may be read.
        DataError: there is no file of pairs.
    """
    path = require_allowed(given)
    if path.is_file():
        return [path]
    found = sorted(one for one in path.glob("*") if one.is_file() and one.suffix.lower().lstrip(".") in TABLES)
    if not found:
        raise DataError(f"{given!r} is no file, and no folder with files of minimal pairs ({', '.join(TABLES)}).")
    return found


def _readable(files: Sequence[Path]) -> list[str]:
    """Those that hold pairs; of each how many, and what is wrong with the others."""
    found: list[str] = []
    for path in dict.fromkeys(files):
        try:
            pairs = _pairs_in(str(path), path.stat().st_mtime_ns)
        except BcosError as error:
            show_error(str(error))
            continue
        found.append(str(path))
        marked = sum(pair.evidence is not None for pair in pairs.found)
        said = f"{path.name}: {count(len(pairs.found), 'pair')}"
        said += "." if marked == len(pairs.found) else f", {marked:,} of them with the word that decides."
        st.caption(plain(said))
        left_out_rows(pairs.left_out, ("row", "rows"))
    return found


@st.cache_data(max_entries=32, show_spinner="Reading the pairs …")
def _pairs_in(path: str, written: int) -> Listing[MinimalPair]:
    return read_pairs(path)


def _choose_methods(folders: Sequence[LanguageFolder]) -> tuple[list[Method], dict[str, dict[str, Any]]]:
    """The methods that one of the models supports; the usual ones before anyone chooses."""
    fitting = [
        method
        for method in METHODS.values()
        if not method.chance
        and any(
            not method.unsupported(is_bcos=one.kind == "bcos", family=one.family, answers=NextToken.name)
            for one in folders
        )
    ]
    known = [method.name for method in fitting]
    given = url.read_all("method") if "method" in st.query_params else usual_methods(folders)
    chosen = [name for name in known if name in given]
    return method_checklist(fitting, chosen, f"Methods: {len(chosen)} of {len(known)}", none=[""])


def _submit(spec: PairsSpec) -> None:
    require_member(Action.SUBMIT_JOB)
    with st.spinner("Preparing the models; the first use of the embedded one takes half a minute …"):
        for source in spec.checkpoints:
            ready_folder(source)
    job, _ = MINIMAL_PAIRS.submit(job_store(), spec)
    url.write(**{MINIMAL_PAIRS.parameter: job.id}, against=None, measure=None, of=None, pair=None)
    st.rerun()


def _price_in_words(spec: PairsSpec, folders: Sequence[LanguageFolder]) -> str:
    """How much it is, and about how long it takes here."""
    work = sum(passes(spec, folder) for folder in folders)
    much = f"{count(spec.limit * len(spec.sources), 'pair')} at most, about {work:,.0f} passes over the models."
    if any(not folder.path.is_dir() for folder in folders):
        return f"{much} The embedded model is unpacked first; how long the rest takes is known then."
    return f"{much} {time_needed(MINIMAL_PAIRS, spec, 'less where pairs were explained before')}"
