"""Whether the Hugging Face hub can be reached, found out in seconds instead of after minutes of retries."""

from __future__ import annotations

import threading

from bcos_core.errors import HubUnavailableError

PROBE_SECONDS = 3.0
INSTEAD = "the embedded model (minilm) and tasks (short-reviews, long-reviews, tweets), or a local folder or file"


def require_hub(what: str, *, instead: str = INSTEAD) -> None:
    """Return if the hub answers; takes at most `PROBE_SECONDS`.

    `what` names the thing wanted ("the data set 'stanfordnlp/imdb'"), `instead` what to use without a hub.

    Raises:
        HubUnavailableError: it does not answer, or offline mode (HF_HUB_OFFLINE) is on.
    """
    reason = unavailable_reason()
    if reason is not None:
        raise HubUnavailableError(
            f"Cannot get {what} from the Hugging Face hub: {reason}. Use {instead}, or try again with a connection."
        )


def unavailable_reason(seconds: float = PROBE_SECONDS) -> str | None:
    """Why the hub cannot be used now, or None if it can."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "offline mode is on (HF_HUB_OFFLINE)"
    outcome: list[str | None] = []
    # In a thread, because resolving a name has no timeout of its own.
    probe = threading.Thread(target=lambda: outcome.append(_probe(constants.ENDPOINT, seconds)), daemon=True)
    probe.start()
    probe.join(seconds)
    return outcome[0] if outcome else f"{constants.ENDPOINT} did not answer within {seconds:g} seconds"


def _probe(endpoint: str, seconds: float) -> str | None:
    from huggingface_hub import get_session

    try:
        response = get_session().head(endpoint, timeout=seconds)
    except Exception as error:  # whatever went wrong, the answer is the same: no hub
        return f"{endpoint} cannot be reached ({error or type(error).__name__})"
    # A proxy or a broken server answers too; 404 and 401 are a mirror without a front page.
    if response.status_code >= 500 or response.status_code in (403, 407):
        return f"{endpoint} answers with status {response.status_code}"
    return None
