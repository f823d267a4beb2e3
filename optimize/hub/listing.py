"""What a repository holds at a revision, as the Hub lists it: the commit, every file's size and digest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optimize.hub.answers import gated
from optimize.hub.client import HubClient
from optimize.hub.names import MOST_FILES, refuse_hostile
from runtime.errors import HubError
from runtime.hub_id import has_hub_shape
from runtime.model_card import ModelCard, make_card

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGESTS = {"sha256": re.compile(r"[0-9a-f]{64}"), "sha1": re.compile(r"[0-9a-f]{40}")}


@dataclass(frozen=True, kw_only=True)
class RepoFile:
    """A file that the Hub lists: `digest` is the sha256 of an LFS file, the git blob's sha1 of another."""

    name: str
    bytes: int
    kind: str  # "sha256" or "sha1"
    digest: str


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository at one commit."""

    id: str  # what it is called now
    commit: str
    files: Mapping[str, RepoFile]
    names: tuple[str, ...]  # also those of which the Hub tells no size or digest
    card: ModelCard = field(default_factory=ModelCard)  # of what its page says

    def file(self, name: str) -> RepoFile:
        """Return a file; raises HubError where it is not listed so that it can be checked."""
        if name in self.files:
            return self.files[name]
        if name in self.names:
            raise HubError(
                f"the Hub tells no size and checksum of {name} in {self.id}, so it cannot be checked: "
                "set HF_ENDPOINT to a mirror that tells them, or unset it"
            )
        raise HubError(f"{self.id} lacks {name}: choose another repository, or another --revision")


def list_repository(client: HubClient, asked: str, revision: str) -> Repository:
    """Ask the Hub; raises HubError for what is missing, gated, or no listing."""
    answer = client.listing(asked, revision)
    found = answer.get("id") or answer.get("modelId") or asked
    commit, siblings = answer.get("sha"), answer.get("siblings")
    if not isinstance(found, str) or not has_hub_shape(found):
        raise HubError(f"the Hub calls {asked} {found!r:.80}, which is no id: nothing was taken")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit) or not isinstance(siblings, list):
        raise HubError(
            f"the Hub's answer names no commit or no files of {asked}: nothing was taken; try another "
            "HF_ENDPOINT"
        )
    if len(siblings) > MOST_FILES:
        raise HubError(f"{asked} lists {len(siblings)} files, at most {MOST_FILES} are looked at")
    if found.lower() != asked.lower():
        client.note(f"{asked} is called {found} now")
    if answer.get("gated") not in (None, False) and client.token is None:
        raise gated(found, client.page(found), None)
    names = tuple(_name(item, asked) for item in siblings)
    refuse_hostile(names, asked)
    files = [_file(name, item) for name, item in zip(names, siblings, strict=True)]
    return Repository(
        id=found,
        commit=commit,
        files={file.name: file for file in files if file is not None},
        names=names,
        card=_card(answer.get("cardData")),
    )


def _card(told: Any) -> ModelCard:
    """Return what the page of a repository says: its licence, and what the training called its subject.

    A licence that the Hub has no row for is called "other" and has its own name beside that.
    """
    if not isinstance(told, dict):
        return ModelCard()
    own, common = told.get("license_name"), told.get("license")
    words = [told.get("instance_prompt")]
    return make_card({"license": own if common == "other" and isinstance(own, str) else common}, words)


def _name(item: Any, repository: str) -> str:
    name = item.get("rfilename") if isinstance(item, dict) else None
    if not isinstance(name, str):
        raise HubError(f"the Hub lists a file of {repository} without a name: nothing was taken")
    return name


def _file(name: str, item: Mapping[str, Any]) -> RepoFile | None:
    """Return what is listed of a file; None where size or digest are missing or cannot be."""
    lfs = item.get("lfs")
    if isinstance(lfs, dict):
        digest, size, kind = lfs.get("sha256") or lfs.get("oid"), lfs.get("size", item.get("size")), "sha256"
    else:
        digest, size, kind = item.get("blobId"), item.get("size"), "sha1"
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return None
    if not isinstance(digest, str) or not _DIGESTS[kind].fullmatch(digest):
        return None
    return RepoFile(name=name, bytes=size, kind=kind, digest=digest)
