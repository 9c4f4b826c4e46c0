"""Settings whose values lie in files, as secrets do for containers: `BCOS_X_FILE` names the file of `BCOS_X`."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

from bcos_core.errors import InputError

_BEGINNING, _ENDING = "BCOS_", "_FILE"
_READ_WHERE_USED = "BCOS_STORE_OPTIONS_FILE"
"""JSON of several lines, whose place is passed on, and not what it holds."""
LARGEST = 64 * 1024


def read_setting_files(environment: MutableMapping[str, str] = os.environ) -> None:
    """Put what the named files hold in the place of their names: white space at the end is the editor's.

    Raises:
        InputError: a file that cannot be read or holds nothing, or a setting that is given twice. What it holds is not
            said.
    """
    names = [one for one in environment if one.startswith(_BEGINNING) and one.endswith(_ENDING)]
    for name in [one for one in names if one != _READ_WHERE_USED]:
        setting, path = name.removesuffix(_ENDING), Path(environment[name])
        if environment.get(setting, "").strip():
            raise InputError(f"{setting} and {name} are both set. Leave one of them out.")
        try:
            value = path.read_text(encoding="utf-8").strip() if path.stat().st_size <= LARGEST else ""
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise InputError(
                f"The file {path} of {name} cannot be read ({why}). Check its name and its owner."
            ) from error
        if not value or "\n" in value:
            raise InputError(f"The file {path} of {name} does not hold one line. Write the value of {setting} into it.")
        environment[setting] = value
        del environment[name]
