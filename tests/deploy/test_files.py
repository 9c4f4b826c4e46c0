"""The files of `deploy` against what is here: copied files, commands of steps, units, secrets and limits."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bcos_core.cli.main import COMMANDS, build_parser
from bcos_core.errors import InputError
from bcos_core.home import CHECKOUT
from bcos_core.setting_files import read_setting_files
from tests.deploy.conftest import DEPLOY

TRACKED = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split(
    "\n"
)
PYTHON = "/opt/bcos/.venv/bin/python"


def steps() -> list[tuple[str, list[str]]]:
    """The instructions of the Containerfile with their words."""
    lines = (line for line in (DEPLOY / "Containerfile").read_text().splitlines() if line and not line.startswith("#"))
    return [(line.split()[0], shlex.split(line)[1:]) for line in lines]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def test_what_is_copied_is_what_git_has_and_all_that_runs() -> None:
    copied = [
        word for name, words in steps() if name == "COPY" and not words[0].startswith("--") for word in words[:-1]
    ]
    for source in copied:
        assert any(path == source or path.startswith(f"{source}/") for path in TRACKED), source
    # What the dashboard reads of the checkout, and whatever its own modules import of it.
    needed = {"app.py", "pages", "bcos_core", "assets", ".streamlit", "LICENSE", "hashes.txt", "constraints.txt"}
    own = {path.partition("/")[0] for path in TRACKED if path.endswith(".py") and "/" in path} - {"tests", ".ci"}
    sources = [CHECKOUT / path for path in TRACKED if re.match(r"(app\.py|bcos_core/|pages/).*\.?py$", path)]
    named = {name for path in sources for name in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.M)}
    imported = named & own
    assert needed | imported <= set(copied)


def test_every_step_is_a_command_that_there_is() -> None:
    runs = [words for name, words in steps() if name == "RUN"]
    assert len(runs) >= 6
    for words in runs:
        program = sys.executable if words[0] in ("python", ".venv/bin/python") else shutil.which(words[0])
        assert program, words
        if words[1:3] == ["-m", "pip"]:
            shown = subprocess.run([sys.executable, "-m", "pip", words[3], "--help"], capture_output=True, text=True)
            assert all(word.partition("=")[0] in shown.stdout for word in words if word.startswith("--"))
            lists = [word for word in words if word.endswith(".txt")]
            assert lists and all(word in TRACKED for word in lists)
    # As `make setup` installs: hashes first, and nothing unpinned.
    installs = [" ".join(words) for words in runs if "install" in words and "pip" in words]
    assert "--require-hashes" in installs[0] and all("--constraint constraints.txt" in one for one in installs[1:])


def test_the_image_runs_as_nobody_in_particular() -> None:
    found = dict(steps())
    user = next(words[0] for name, words in reversed(steps()) if name == "USER")
    assert user == "10001:10001" and found["ENTRYPOINT"] == ["[/opt/bcos/.venv/bin/python,", "-m,", "bcos_core]"]
    for name in ("app", "supervisor"):
        service = compose()["services"][name]
        assert service["user"] == user and service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["healthcheck"]["test"][1:4] == [PYTHON, "-m", "bcos_core"]


def test_commands_and_checks_of_the_compose_file_are_understood() -> None:
    services = compose()["services"]
    for name in ("app", "supervisor"):
        for words in (services[name]["command"], services[name]["healthcheck"]["test"][4:]):
            assert words[0] in COMMANDS
            build_parser(words).parse_args(words)
    declared = set(compose()["secrets"])
    assert {one for service in services.values() for one in service.get("secrets", [])} == declared
    assert not [one for one in declared if (DEPLOY / one).exists() and one in TRACKED]
    text = (DEPLOY / "compose.yaml").read_text()
    assert "PASSWORD:" not in text and "0.0.0.0" not in text
    assert all(port.startswith("127.0.0.1:") for service in services.values() for port in service.get("ports", []))


@pytest.mark.parametrize("name", ["bcos.service", "bcos-supervisor.service"])
def test_the_units_are_in_order(name: str, tmp_path: Path) -> None:
    text = (DEPLOY / name).read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    python, _, _, *words = shlex.split(line.removeprefix("ExecStart="))
    assert python == PYTHON
    build_parser(words).parse_args(words)
    for setting in ("User=bcos", "ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=\n"):
        assert setting in text
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for one in ("bcos.service", "bcos-supervisor.service"):
        (tmp_path / one).write_text((DEPLOY / one).read_text().replace(PYTHON, sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", tmp_path / name], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr.strip() == "", done.stderr


def test_the_proxy_takes_what_the_dashboard_takes() -> None:
    """A smaller limit would cut off uploads without a word; a larger one only lets more come to be refused."""
    site = (DEPLOY / "nginx.conf").read_text()
    limit = int(re.search(r"client_max_body_size (\d+)m;", site)[1])  # type: ignore[index]
    settings = tomllib.loads((CHECKOUT / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["maxUploadSize"] < limit <= settings["server"]["maxUploadSize"] + 1
    assert f"up to {settings['server']['maxUploadSize']} MB" in site
    prefix = compose()["services"]["app"]["command"]
    assert f"location {prefix[prefix.index('--path') + 1]}/ {{" in site
    assert f"127.0.0.1:{prefix[prefix.index('--port') + 1]};" in site


def test_a_secret_in_a_file_is_a_setting(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://bcos:s3cret@database/bcos\n")
    environment = {"BCOS_DATABASE_URL_FILE": str(file), "OTHER_FILE": "x"}
    read_setting_files(environment)
    assert environment == {"BCOS_DATABASE_URL": "postgresql://bcos:s3cret@database/bcos", "OTHER_FILE": "x"}
    for given, said in (
        ({"BCOS_LOG": "json", "BCOS_LOG_FILE": str(file)}, "both set"),
        ({"BCOS_LOG_FILE": str(tmp_path / "gone")}, "No such file"),
        ({"BCOS_LOG_FILE": str(tmp_path)}, "cannot be read"),
    ):
        with pytest.raises(InputError, match=said) as refused:
            read_setting_files(given)
        assert "s3cret" not in str(refused.value)
    file.write_text("two\nlines s3cret\n")
    with pytest.raises(InputError, match="does not hold one line") as refused:
        read_setting_files({"BCOS_LOG_FILE": str(file)})
    assert "s3cret" not in str(refused.value)
