"""`study simulate` and `backup`: what each answers."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from bcos_core.cli.main import main
from bcos_core.home import Home


def test_simulate_counts_what_the_database_holds(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "simulate", "--raters", "4", "--items", "3", "--writers", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["saved"], answer["lost"], answer["duplicated"], answer["simulated"]) == (12, 0, 0, True)
    assert answer["p95_ms"] > 0
    with sqlite3.connect(home.database) as connection:
        assert connection.execute("SELECT count(*) FROM study_answers").fetchone() == (12,)
        assert connection.execute("SELECT simulated, status FROM studies").fetchall() == [(1, "closed")]
    connection.close()


def test_simulate_in_words(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "simulate", "--raters", "1", "--items", "2", "--writers", "1"]) == 0
    assert "2 answers saved, 0 lost, 0 duplicated" in capsys.readouterr().out
    assert main(["study", "simulate", "--raters", "0"]) == 2
    assert "0 raters are too few" in capsys.readouterr().err


def test_backup(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["backup", "--json"]) == 0
    made = Path(json.loads(capsys.readouterr().out.splitlines()[-1])["path"])
    assert made.parent == tmp_path and made.name.startswith("bcos-") and made.suffix == ".sqlite3"
    assert main(["backup", str(made)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["backup", str(made), "--force"]) == 0
    assert "Copied and checked" in capsys.readouterr().out
