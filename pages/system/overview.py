"""The parts of the System page: checks, facts, the disk, and clean-up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st
from prometheus_client import REGISTRY

from bcos_core.jobs.devices import visible_devices
from bcos_core.numbers import count, file_size
from bcos_core.operations.artefacts import store_facts
from bcos_core.operations.checks import readiness
from bcos_core.operations.clean import KINDS, find, remove
from bcos_core.operations.system import Fact, database_facts, machine, quota_facts, versions
from bcos_core.storage.space import space_of
from pages.server.visits import VISITS
from pages.widgets.errors import guard
from pages.widgets.jobs import job_store
from pages.widgets.plain import plain
from pages.widgets.supervision import supervisor_notice

MOST_ROWS = 200


def show_system() -> None:
    store = job_store()
    supervisor_notice()
    st.header("Ready?", anchor=False)
    _table(
        "Checks",
        ("Check", "Holds", "Found"),
        [(check.name.capitalize(), "yes" if check.ok else "no", check.words) for check in readiness(store.home)],
    )
    space = space_of(store.home)
    left, right = st.columns(2)
    with left:
        _facts("Machine", machine(store.home, _devices()))
        with guard():
            _facts("Database", [*database_facts(store, space), *_store_facts()])
        _facts("Here now", _here_now())
    with right:
        _facts("Versions", versions())
        with guard():
            _facts("Quotas", quota_facts(store, space))
    st.header("On the disk", anchor=False)
    _table("Disk", ("What", "Size"), [(kind, file_size(size)) for kind, size in space.by_kind.items() if size])
    st.header("Clean-up", anchor=False)
    with guard():
        _show_clean_up()


def _show_clean_up() -> None:
    store = job_store()
    if (gone := st.session_state.pop("cleaned", None)) is not None:
        st.success(plain(gone))
    names = st.multiselect(
        "What may go",
        list(KINDS),
        default=[kind.name for kind in KINDS.values() if not kind.asked],
        format_func=lambda name: KINDS[name].title,
        help="Nothing that a job, a model, a result, a study or a pinned text uses; of each kind what is old enough.",
    )
    found = find(store, kinds=names)
    if not found:
        st.markdown(":gray[There is nothing to remove.]")
        return
    size = file_size(sum(one.bytes for one in found))
    _table(
        "What can go",
        ("What", "Size", "Since", "Why", "Where"),
        [
            (
                KINDS[one.kind].title,
                file_size(one.bytes),
                f"{one.since:%Y-%m-%d}",
                one.why,
                str(one.path.relative_to(store.home.root)),
            )
            for one in found[:MOST_ROWS]
        ],
    )
    if len(found) > MOST_ROWS:
        st.caption(f"The largest {MOST_ROWS} of {len(found):,}; all of them are removed.")
    sure = st.checkbox(f"Remove {count(len(found), 'thing')}, {size}, for good", key="clean-sure")
    if st.button("Remove", disabled=not sure, type="primary"):
        with guard(), st.spinner("Removing …"):
            gone = remove(store, found)
            words = f"{count(len(gone), 'thing')}, {file_size(sum(one.bytes for one in gone))}"
            st.session_state["cleaned"] = f"Removed: {words}. cleaned.log says what."
            st.rerun()


@st.cache_data(show_spinner="Asking the store …", ttl=30)
def _store_facts() -> list[Fact]:
    return store_facts(job_store())


@st.cache_data(show_spinner=False)
def _devices() -> tuple[str, ...]:
    return tuple(visible_devices())


def _here_now() -> list[Fact]:
    """Open pages by who is at them, and the models that they hold in memory."""
    guests = Counter(visit.guest for visit in VISITS)
    people = [Fact(f"Pages of {guest.name.lower()}s", str(number)) for guest, number in sorted(guests.items())]
    models = REGISTRY.get_sample_value("bcos_models_in_memory") or 0
    loads = REGISTRY.get_sample_value("bcos_model_loads_total") or 0
    return [*people, Fact("Models in memory", f"{models:.0f}; {loads:.0f} were loaded since the start")]


def _facts(title: str, facts: Sequence[Fact]) -> None:
    st.header(title, anchor=False)
    _table(title, ("What", "Found"), [(fact.name, fact.value) for fact in facts])


def _table(key: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    st.dataframe(
        [dict(zip(columns, row, strict=True)) for row in rows],
        hide_index=True,
        key=f"system-{key}",
        column_config={column: st.column_config.TextColumn(column) for column in columns},
    )
