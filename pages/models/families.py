"""Which models can be converted, and what is tested on each family."""

from __future__ import annotations

import streamlit as st

from bcos_core.families.listing import listed_families


def show_families() -> None:
    """A list that is closed at first: it is looked up, not read."""
    listing = listed_families()
    with st.expander("Which models can be converted?", icon=":material/account_tree:"):
        st.dataframe(
            [
                {
                    "Family": family["title"],
                    "Model types": ", ".join(family["model_types"]),
                    "Kind": family["kind"],
                    "Tried on": family["weights"] or "",
                    "Only with": "; ".join(
                        f"{needed['setting']} {' or '.join(map(repr, needed['values']))}"
                        for needed in family["requires"]
                    ),
                }
                for family in listing["families"]
            ],
            hide_index=True,
        )
        st.caption(f"Tested on a tiny random model of each family: {'; '.join(listing['checks'])}.")
        st.caption(f"Refused: {'; '.join(f'{name} ({reason})' for name, reason in listing['refused'].items())}.")
