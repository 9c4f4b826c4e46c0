"""Ray's own client, with its errors in words and an end to every wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bcos_core.jobs.executors.executor import CannotStart, OutOfReach

ANSWER_SECONDS = 10.0
"""How long a cluster is waited for, each time that it is asked something."""
SUBMIT_SECONDS = 15.0
"""Longer than the ten that Ray itself looks for who takes a job, so that its answer is heard."""
UPLOAD_SECONDS = 60.0
SILENCE_SECONDS = 60.0
"""After so long without a new line a log is asked for anew: the connection may be gone without a word."""


def load_ray() -> None:
    """Import Ray, which takes a moment."""
    import ray.job_submission  # noqa: F401


class RayClient:
    """The Ray Jobs of the cluster at an address."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._address = address

    @classmethod
    def connect(cls, address: str) -> RayClient:
        """
        Raises:
            OutOfReach: there is no cluster, or it does not let this program in.
        """
        from ray.job_submission import JobSubmissionClient

        class Client(JobSubmissionClient):
            """Ray's waits for ever."""

            def _do_request(self, method: str, endpoint: str, **options: Any) -> Any:
                seconds = {"PUT": UPLOAD_SECONDS, "POST": SUBMIT_SECONDS}.get(method, ANSWER_SECONDS)
                return super()._do_request(method, endpoint, timeout=seconds, **options)

        with _in_words(address):
            return cls(Client(address), address)

    def submit(self, id: str, entrypoint: str, environment: dict[str, Any], *, cpus: float, gpus: float) -> None:
        """Submit it once: where the answer is lost or an error, the cluster is asked whether it knows that id.

        Raises:
            CannotStart: the cluster does not take it.
            OutOfReach: it cannot be asked, or does not know it.
        """
        from requests.exceptions import ReadTimeout, RequestException

        with _in_words(self._address):
            try:
                self._client.submit_job(
                    entrypoint=entrypoint,
                    submission_id=id,
                    runtime_env=environment,
                    entrypoint_num_cpus=cpus,
                    entrypoint_num_gpus=gpus or None,
                )
            except ReadTimeout as error:
                # It may still come there, so that one that is not known yet is no answer: how it is will be asked.
                if error.request is None or error.request.method != "POST":
                    raise
            except (RuntimeError, ConnectionError, RequestException):
                if not self._knows(id):
                    raise
            except ValueError as error:  # Ray does not take the environment, as too large a folder
                raise CannotStart(f"The cluster does not take the job ({in_a_line(str(error))}).") from error

    def _knows(self, id: str) -> bool:
        try:
            return self.info(id) is not None
        except OutOfReach:
            return False

    def info(self, id: str) -> Any | None:
        """None where the cluster knows no such job."""
        with _in_words(self._address):
            try:
                return self._client.get_job_info(id)
            except RuntimeError as error:
                if "status code 404" in str(error):
                    return None
                raise

    def stop(self, id: str) -> None:
        with _in_words(self._address), suppress(RuntimeError):  # it has ended, or is not known
            self._client.stop_job(id)

    def log(self, id: str) -> str | None:
        """All that the job has written, None where the cluster has no such log (yet)."""
        with _in_words(self._address):
            try:
                found: str = self._client.get_job_logs(id)
            except RuntimeError as error:
                if "status code 404" in str(error) or "status code 500" in str(error):
                    return None
                raise
            return found

    async def follow_log(self, id: str) -> AsyncIterator[str]:
        """What the job has written and writes, from the beginning; it ends with the job.

        Raises:
            OutOfReach: the connection was lost, or has brought nothing for `SILENCE_SECONDS`.
        """
        import aiohttp

        told = aiter(self._client.tail_job_logs(id))
        with _in_words(self._address):
            while True:
                try:
                    text: str = await asyncio.wait_for(anext(told), SILENCE_SECONDS)
                except StopAsyncIteration:
                    return
                except (aiohttp.ClientError, OSError) as error:
                    raise ConnectionError(f"its log was broken off ({error})") from error
                yield text


def in_a_line(message: str | None) -> str:
    """What Ray says went wrong: of a stack trace its last line, else the first one."""
    lines = (message or "").strip(" .\n").splitlines() or ["no reason was given"]
    return (lines[-1] if "Traceback" in lines[0] else lines[0]).strip(" .")[:300]


@contextmanager
def _in_words(address: str) -> Iterator[None]:
    """What goes wrong between here and a cluster, as `OutOfReach`."""
    import requests
    from ray.exceptions import AuthenticationError

    place = f"the cluster at {address}"
    try:
        yield
    except (OutOfReach, CannotStart):
        raise
    except AuthenticationError as error:
        advice = "Give the one of the cluster in RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH."
        raise OutOfReach(f"{place} refuses the token", advice) from error
    except requests.exceptions.Timeout as error:
        raise OutOfReach(f"{place} has not answered in {ANSWER_SECONDS:.0f} seconds", "Check that it runs.") from error
    except (ConnectionError, requests.exceptions.RequestException) as error:
        raise OutOfReach(f"{place} cannot be reached", "Check that it runs, and BCOS_RAY_ADDRESS.") from error
    except RuntimeError as error:
        raise OutOfReach(f"{place} answers with an error ({in_a_line(str(error))})", "Its log may say more.") from error
