"""The built-in paradigms. Importing this registers them."""

from bcos_core.minimal_pairs.paradigm import PARADIGMS, Paradigm
from bcos_core.minimal_pairs.paradigms import agreement, anaphor_gender, anaphor_number, determiner_noun, ioi

for _module in (agreement, anaphor_gender, anaphor_number, determiner_noun, ioi):
    _paradigm: Paradigm = _module.PARADIGM
    PARADIGMS.register(_paradigm.name, _paradigm)

__all__ = ["PARADIGMS", "Paradigm"]
