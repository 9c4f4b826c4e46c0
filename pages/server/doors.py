"""The layers in front of Streamlit, from the outside in."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bcos_core.home import CHECKOUT
from pages.server.connections import Connections
from pages.server.files import MembersFiles
from pages.server.headers import Headers, content_policy
from pages.server.left import Left
from pages.server.limits import Limits
from pages.server.requests import Requests, own_prefix
from pages.server.seams import inline_scripts
from pages.server.unreachable import SaysUnreachable
from pages.server.visits import VISITS


def doors(limits: Limits, *, script: str) -> list[Middleware]:
    """For the server of this process; `script` is the file that draws its pages, in the checkout."""
    names = [str(name).strip().casefold() for name in st.get_option("server.allowedHosts")]
    names = [f"[{name}]" if ":" in name else name for name in names]  # of IPv6, as browsers name it
    prefix = own_prefix()
    return [
        Middleware(Headers, policy=content_policy(inline_scripts()), prefix=prefix),
        Middleware(SaysUnreachable),
        # Streamlit looks at the name on its connection alone.
        Middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False),
        Middleware(Requests, visits=VISITS, prefix=prefix),
        Middleware(MembersFiles, handed=VISITS.handed, prefix=prefix),
        Middleware(
            Connections, limits=limits, visits=VISITS, left=Left(), script=str(CHECKOUT / script), prefix=prefix
        ),
    ]
