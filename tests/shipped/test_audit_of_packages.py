"""`make audit` passes only where every package was looked up: what could not be is no clean bill."""

from __future__ import annotations

from types import ModuleType

PINNED = {"a": "1", "b": "2"}


def test_every_package_clean(audit: ModuleType) -> None:
    looked = [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "version": "2", "vulns": []}]
    assert audit.verdict(looked, PINNED) == (0, ["2 packages were looked up; none has a known vulnerability."])


def test_a_vulnerability_is_named(audit: ModuleType) -> None:
    flaw = {"id": "PYSEC-1", "fix_versions": ["1.1"]}
    looked = [{"name": "a", "version": "1", "vulns": [flaw]}, {"name": "b", "version": "2", "vulns": []}]
    assert audit.verdict(looked, PINNED) == (1, ["a 1: PYSEC-1, mended in 1.1."])


def test_what_pip_audit_passes_over_is_a_failure(audit: ModuleType) -> None:
    skipped = [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}]
    code, said = audit.verdict(skipped, PINNED)
    assert code == 2 and said[0].startswith("NOT AUDITED: 1 of 2 packages could not be looked up (b).")
    assert audit.verdict([], PINNED)[0] == 2
