"""A ready-made OpenVINO model becomes a model folder as it is: whole or not at all, with a manifest."""

import shutil
from datetime import datetime, timezone
from pathlib import Path

from optimize.hub.fetch import Fetched
from optimize.preview import fit_latent_rgb
from optimize.staging import Staging
from runtime.errors import HubError
from runtime.manifest import Manifest, Source, describe_files
from runtime.model_folder import ModelFolder


def take_ready(found: Fetched, output: Path) -> ModelFolder:
    """Give a fetched OpenVINO pipeline its place; raises HubError, ExportError or ModelFolderError.

    Its files keep their bytes. What it was fetched to is gone afterwards.
    """
    with Staging(output) as staging:
        try:
            return _placed(found, staging, output)
        except OSError as error:
            raise HubError(
                f"{error.filename or output} could not be written ({error.strerror or error}): make "
                "room, or give another place (--data-dir)"
            ) from error


def _placed(found: Fetched, staging: Staging, output: Path) -> ModelFolder:
    for file in found.selection.files:
        target = staging.model / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        _bring(found.folder / file.name, target)
    staging.flush()
    files = describe_files(staging.model)
    for file in found.selection.files:
        if file.kind == "sha256" and files[file.name].sha256 != file.digest:
            raise HubError(f"{found.folder / file.name} was changed after it was fetched: run it again")
    folder = ModelFolder(staging.model)  # one that we could not open ourselves must not appear
    manifest = Manifest(
        source=Source(
            location=found.repository.id,
            revision=found.repository.commit,
            sha256={name: entry.sha256 for name, entry in files.items() if name.endswith("_model.bin")},
            card=found.repository.card,
        ),
        precision=folder.precision,
        tools={},
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        errors={},
        latent_rgb=_colours(staging.model),
        files=files,
    )
    staging.write_manifest(manifest)
    ModelFolder(staging.model).verify()
    staging.commit()
    found.store.remove_snapshot()
    return ModelFolder(output)


def _colours(model: Path) -> tuple[tuple[float, ...], ...]:
    """Return what step previews need; nothing for a VAE whose inputs are not the usual ones."""
    try:
        return fit_latent_rgb(model)
    except (RuntimeError, KeyError, ValueError):  # of OpenVINO: other names, or sizes that are fixed
        return ()


def _bring(source: Path, target: Path) -> None:
    """Give a file a second place, or move it where the system knows no second places; raises OSError."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.move(source, target)
