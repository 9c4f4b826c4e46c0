"""Every table of the database: each is declared by the module that uses it."""

from __future__ import annotations

import bcos_core.accounts.schema
import bcos_core.jobs.schema
import bcos_core.storage.artefacts.table
import bcos_core.storage.audit
import bcos_core.storage.collections
import bcos_core.storage.evidence
import bcos_core.storage.stored_files
import bcos_core.study.schema  # noqa: F401  # each registers its tables
from bcos_core.storage.types import METADATA

TABLES = tuple(METADATA.sorted_tables)
"""Each after those that it refers to."""
