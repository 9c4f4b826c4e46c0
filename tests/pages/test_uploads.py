"""What a person sends is theirs, and is bounded."""

from __future__ import annotations

import pytest

from bcos_core.access.actor import Actor, Mode, Role
from bcos_core.errors import QuotaError
from bcos_core.jobs import quotas
from bcos_core.jobs.store import JobStore
from pages.widgets import uploads

ANN, BOB = (Actor(name, name, Role.RESEARCHER, Mode.PASSWORD) for name in ("ann", "bob"))


def test_an_upload_is_whose_it_is(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "_counted", {})
    monkeypatch.setenv(quotas.PERSON_DISK, "0.001")
    monkeypatch.setattr(uploads, "job_store", lambda: store.acting(ANN))
    uploads.store_upload("first.csv", b"a" * 700_000)
    with pytest.raises(QuotaError, match="takes 700 kB of 1 MB"):
        uploads.store_upload("second.csv", b"b" * 400_000)
    quotas._counted.clear()
    with pytest.raises(QuotaError, match="takes 700 kB of 1 MB"):  # by what lies there
        uploads.store_upload("second.csv", b"b" * 400_000)
    monkeypatch.setattr(uploads, "job_store", lambda: store.acting(BOB))
    uploads.store_upload("second.csv", b"b" * 400_000)
