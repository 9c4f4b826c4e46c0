"""Unexpected exceptions, told to a person."""

from __future__ import annotations

import errno


def plain_message(error: BaseException) -> str:
    """One line on what happened and what to do, for an exception that the program did not foresee."""
    # torch's own class, named and not imported: whoever reads a message needs no torch.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "There is not enough memory. Choose a smaller batch size, maximum length or model, then try again."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full. Free some space, then try again; what was finished before is intact."
    if isinstance(error, SystemExit | KeyboardInterrupt):
        return "It was stopped before the work was done."
    said = str(error).strip().split("\n")[0]
    return f"Something went wrong inside the program ({type(error).__name__}{': ' + said if said else ''})."
