"""Which files (`/media/…`) the server has told whom of: what a page of somebody's names is theirs to fetch.

Streamlit names files by what is in them, and gives them to whoever knows the name. A page learns of each by a message;
of a file that is made when a button is pressed there is no other trace.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

MOST = 20_000
"""Files that are remembered; of one that is not any more, the page has to be loaded again."""


class Handed:
    """The accounts whose pages were told of each file, by its name."""

    def __init__(self) -> None:
        self._to: OrderedDict[str, set[str]] = OrderedDict()

    def note(self, account: str, addresses: Iterable[str]) -> None:
        """A page of `account` is told of files, by their addresses."""
        for name in filter(None, map(_name, addresses if account else ())):
            self._to.setdefault(name, set()).add(account)
            self._to.move_to_end(name)
        while len(self._to) > MOST:
            self._to.popitem(last=False)

    def has(self, account: str, address: str) -> bool:
        """Whether a page of `account` was told of the file."""
        return account in self._to.get(_name(address), ())


def _name(address: str) -> str:
    """As Streamlit finds a file: without folders and ending."""
    return address.rpartition("/")[2].partition(".")[0]
