"""What the Hub's refusals mean, said in a sentence with the remedy."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from optimize.hub.patience import NoSuchPart, Passing
from optimize.hub.token import WAYS, Token
from runtime.errors import HubError

_AGAIN = "run the same command again later, it goes on where it stopped"
_RATE_LIMIT = re.compile(r";\s*t\s*=\s*(\d{1,9})")  # draft-ietf-httpapi-ratelimit-headers: seconds left
_MOST_SECONDS = 10**7


def passing_fault(status: int, headers: Mapping[str, str]) -> Passing | None:
    """Return what a status says that another try may heal; None for the others."""
    if status == 429:
        return Passing("answers 429, too many requests", _AGAIN, _asked_wait(headers))
    if status == 408 or status >= 500:
        return Passing(f"answers {status}, a fault of its own", _AGAIN, _asked_wait(headers))
    if status == 416:
        return NoSuchPart("answers 416, no such part of the file", _AGAIN)
    return None


def explain(
    status: int, code: str, said: str, repository: str, page: str, token: Token | None, *, is_file: bool
) -> HubError:
    """Return the error of a refusal; codes are the Hub's X-Error-Code."""
    if code == "GatedRepo":
        return gated(repository, page, token)
    if code == "RevisionNotFound":
        return HubError(f"{repository} has no such revision: {page} lists its branches and tags (--revision)")
    if code == "EntryNotFound" or (status == 404 and is_file and not code):
        return HubError(f"{repository} lists a file that is not there any more: run the same command again")
    if status == 401 and token is not None and code != "RepoNotFound":
        return HubError(
            f"the Hub does not take the token from {token.origin} ({said or 'status 401'}): make a "
            "new one at https://huggingface.co/settings/tokens, or go on without it"
        )
    if code == "RepoNotFound" or status in (401, 404):
        who = f"the account of the token from {token.origin} may not see it" if token else "it is private"
        remedy = "" if token else f", or give a token that may read it ({WAYS})"
        return HubError(
            f"there is no {repository} on the Hub, or {who} ({page}), and no folder of that name here: "
            f"check the spelling{remedy}"
        )
    if status in (403, 451):
        return HubError(f"the Hub does not give {repository} ({said or f'status {status}'}): {page} says why")
    return HubError(
        f"the Hub answers {status} for {repository} ({said or 'no reason given'}): open {page} in a browser, "
        "or set HF_ENDPOINT to a mirror"
    )


def gated(repository: str, page: str, token: Token | None) -> HubError:
    """Return the error for a repository whose terms must be accepted first."""
    if token is None:
        return HubError(
            f"{repository} is gated: visit {page}, accept its terms, and give a token of that account "
            f"({WAYS})"
        )
    return HubError(
        f"{repository} is gated, and the account of the token from {token.origin} has no access: "
        f"visit {page}, accept its terms, wait until access is granted, and check that the token may "
        "read gated repositories"
    )


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the answer asks to wait, if it does."""
    told = headers.get("retry-after", "").strip()
    if told.isdigit():
        return float(min(int(told[:9]), _MOST_SECONDS))
    if told:
        try:
            wait = parsedate_to_datetime(told).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
        return min(max(0.0, wait), float(_MOST_SECONDS))
    found = _RATE_LIMIT.search(headers.get("ratelimit", ""))
    return float(min(int(found[1]), _MOST_SECONDS)) if found else None
