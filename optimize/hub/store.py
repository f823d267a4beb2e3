"""Where fetched files lie, in the data folder:

cache/hub/models--ORG--NAME/COMMIT/            a whole pipeline, or one that is being fetched
cache/hub/models--ORG--NAME/parts/             what has come of files that are not whole
cache/hub/models--ORG--NAME/lock               held by the process that fetches
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from optimize.hub.listing import RepoFile, Repository
from optimize.hub.transfer import agrees
from runtime.errors import HubError
from runtime.file_lock import drop_lock, take_lock
from runtime.hub_folders import fetched_folder, folder_name
from runtime.hub_record import RECORD_NAME, HubRecord, write_record


class RepositoryStore:
    """The folders of one repository."""

    def __init__(self, data: Path, repository: Repository, variant: str | None) -> None:
        self.folder = fetched_folder(data) / folder_name(repository.id)
        self.parts = self.folder / "parts"
        self.snapshot = self.folder / "-".join(filter(None, (repository.commit, variant)))
        self._record = HubRecord(
            repository=repository.id, commit=repository.commit, variant=variant, card=repository.card
        )

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from fetching the same repository; raises HubError while one does."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HubError(
                f"{self.folder} cannot be made ({error.strerror}): give another place (--data-dir)"
            ) from error
        try:
            lock = take_lock(self.folder / "lock")
        except OSError as error:
            raise HubError(
                f"{self._record.repository} is being fetched by another process: wait for it, or end it"
            ) from error
        try:
            yield
        finally:
            drop_lock(lock, self.folder / "lock")

    def target(self, file: RepoFile) -> Path:
        """Return where a file of the pipeline lies."""
        return self.snapshot / file.name

    def has(self, file: RepoFile, hub_cache: Path | None = None) -> bool:
        """Whether the file is there, every byte of it; an earlier commit's or the Hub's own cache's "
        "is used."""
        target = self.target(file)
        if agrees(target, file):
            return True
        others = [folder / file.name for folder in self.folder.iterdir() if folder.is_dir()]
        if hub_cache is not None:
            others.append(hub_cache / self.folder.name / "blobs" / file.digest)
        for other in others:
            if other != target and agrees(other, file):
                with contextlib.suppress(OSError):  # then it is fetched
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.unlink(missing_ok=True)
                    _link(other, target)
                    return agrees(target, file)
        return False

    def finish(self, files: tuple[RepoFile, ...]) -> None:
        """Note where the pipeline came from, now that it is whole, and remove what it does not hold."""
        wanted = {self.target(file) for file in files} | {self.snapshot / RECORD_NAME}
        for path in self.snapshot.rglob("*"):
            if path.is_file() and path not in wanted:
                path.unlink()
        write_record(self.snapshot, self._record)
        for file in files:
            (self.parts / f"{file.digest}.part").unlink(missing_ok=True)

    def remove_snapshot(self) -> None:
        """Remove the pipeline, which has another place now, and what is empty then."""
        shutil.rmtree(self.snapshot, ignore_errors=True)
        with contextlib.suppress(OSError):  # other parts are there
            self.parts.rmdir()


def _link(source: Path, target: Path) -> None:
    """Give a file a second place without a second copy where the system can; raises OSError."""
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)
