"""A supervisor of jobs that count, as a process: `python -m tests.jobs.supervising`."""

from __future__ import annotations

import signal

from bcos_core.jobs.store import JobStore
from bcos_core.jobs.supervisor import Supervisor
from tests.jobs.counting_job import RUNNER

if __name__ == "__main__":
    supervisor = Supervisor(JobStore.open(), runner=RUNNER)
    signal.signal(signal.SIGTERM, lambda *_: supervisor.request_stop())
    supervisor.run()
