"""The study protocols: every module of this folder declares one, as its `PROTOCOL`, under the module's name."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from bcos_core.registry import Registry
from bcos_core.study.protocol import Protocol

PROTOCOLS: Registry[Protocol] = Registry("protocol")

for _module in iter_modules(__path__):
    PROTOCOLS.register(_module.name, import_module(f"{__name__}.{_module.name}").PROTOCOL)
