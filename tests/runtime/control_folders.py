"""A ControlNet's folder without weights: with everything that is looked at when it is opened."""

import json
from datetime import datetime, timezone
from pathlib import Path

from runtime.manifest import MANIFEST_NAME, Manifest, Source, describe_files
from tests.models import DEMO_SOURCE

IR = '<?xml version="1.0"?><net name="controlnet" version="11"></net>'


def control_config(**changes: object) -> dict[str, object]:
    """Return the configuration of one for the demo model."""
    unet = json.loads((DEMO_SOURCE / "unet" / "config.json").read_text(encoding="utf-8"))
    kept = (
        "block_out_channels",
        "layers_per_block",
        "cross_attention_dim",
        "down_block_types",
        "in_channels",
    )
    own = {"_class_name": "ControlNetModel", "conditioning_embedding_out_channels": [16, 32, 96, 256]}
    return own | {name: unet[name] for name in kept} | changes


def write_controlnet_folder(folder: Path, **changes: object) -> Path:
    """Write one as optimize does, `changes` in its configuration."""
    own = folder / "controlnet"
    own.mkdir(parents=True)
    (own / "openvino_model.xml").write_text(IR)
    (own / "openvino_model.bin").write_bytes(b"")
    (own / "config.json").write_text(json.dumps(control_config(**changes)))
    manifest = Manifest(
        source=Source(location="../source"),
        precision="fp16",
        tools={},
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        errors={"controlnet": {"fp32": 1e-6, "fp16": 2e-4}},
        files=describe_files(folder),
    )
    (folder / MANIFEST_NAME).write_bytes(manifest.to_bytes())
    return folder
