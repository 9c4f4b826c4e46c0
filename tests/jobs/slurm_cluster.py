"""A small Slurm cluster of one node on this machine, by the same daemons as a large one."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from tests.jobs.waiting import wait_until
from tests.ports import free_port

START_SECONDS = 60.0


class SlurmCluster:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self._host = platform.node().partition(".")[0]
        self._conf = self.folder / "slurm.conf"
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._family: set[psutil.Process] = set()
        self._ports = [free_port() for _ in range(2)]
        self._write()

    @staticmethod
    def lack() -> str:
        """Why there can be none here."""
        missing = [name for name in ("slurmctld", "slurmd", "sbatch") if _program(name) is None]
        return f"{', '.join(missing)}: not installed (slurm-wlm)" if missing else ""

    @property
    def environment(self) -> dict[str, str]:
        return {"SLURM_CONF": str(self._conf)}

    def _write(self) -> None:
        user, controller, node = getpass.getuser(), *self._ports
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        self._conf.write_text(
            f"""ClusterName=test
SlurmctldHost={self._host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
KillWait=10
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName={self._host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes={self._host} Default=YES MaxTime=INFINITE State=UP
"""
        )

    def start(self) -> None:
        for name in ("slurmctld", "slurmd"):
            if name not in self._daemons:
                self.start_daemon(name)
        wait_until(self._is_idle, "the cluster", seconds=START_SECONDS)

    def start_daemon(self, name: str) -> None:
        program = _program(name)
        assert program is not None
        with (self.folder / f"{name}.out").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                [program, "-D", "-f", str(self._conf)],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _is_idle(self) -> bool:
        for name, daemon in self._daemons.items():
            assert daemon.poll() is None, (self.folder / f"{name}.out").read_text()[-2000:]
        words = ["sinfo", "--noheader", "--format=%T"]
        answer = subprocess.run(words, env={**os.environ, **self.environment}, capture_output=True, text=True)
        return answer.stdout.split() in (["idle"], ["mixed"], ["allocated"])

    def lose(self, name: str) -> None:
        """SIGKILL to a daemon; what it has started is left alone."""
        self._remember()
        daemon = self._daemons.pop(name)
        daemon.kill()
        daemon.wait()

    def _remember(self) -> None:
        for daemon in self._daemons.values():
            with suppress(psutil.Error):
                self._family |= set(psutil.Process(daemon.pid).children(recursive=True))
        spool = str(self.folder)
        for process in psutil.process_iter():  # what a daemon starts leaves its session
            with suppress(psutil.Error):
                if process.name().startswith("slurmstepd") and process.environ().get("SLURM_CONF", "").startswith(
                    spool
                ):
                    self._family |= {process, *process.children(recursive=True)}

    def end(self) -> None:
        self._remember()
        for daemon in self._daemons.values():
            daemon.send_signal(signal.SIGTERM)
        for daemon in self._daemons.values():
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(10)
            daemon.kill()
            daemon.wait()
        for process in self._family:
            with suppress(psutil.Error):
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
