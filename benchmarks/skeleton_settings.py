"""What the random-weight models of skeleton_families.py are made of: networks and schedulers."""

from dataclasses import dataclass, field
from typing import Any

Settings = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Family:
    """What distinguishes one architecture from another; the rest is the libraries' defaults (SD 1's)."""

    unet: Settings
    text: Settings | None = None
    text_2: Settings | None = None  # of SDXL's second encoder, which has a projection
    vae: Settings | None = None
    depth: Settings | None = None  # of a DPTConfig
    pipeline: str = "StableDiffusionPipeline"
    unet_class: str = "UNet2DConditionModel"
    scheduler: Settings = field(default_factory=dict)  # what differs from SD 1's
    low_res_scheduler: Settings | None = None
    tokenizer: Settings = field(default_factory=dict)
    index: Settings = field(default_factory=dict)


V = {"prediction_type": "v_prediction"}
SD2_PAD = {"pad_token": "!"}
SD_TEXT = {
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "projection_dim": 768,
}
SD2_TEXT = {
    "vocab_size": 49408,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_attention_heads": 16,
    "num_hidden_layers": 23,
    "projection_dim": 512,
    "hidden_act": "gelu",
}
SDXL_TEXT_2 = {
    "vocab_size": 49408,
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_attention_heads": 20,
    "num_hidden_layers": 32,
    "projection_dim": 1280,
    "hidden_act": "gelu",
}
SD_BLOCKS = {
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}
SD2_UNET = SD_BLOCKS | {
    "sample_size": 64,
    "cross_attention_dim": 1024,
    "attention_head_dim": (5, 10, 20, 20),
    "use_linear_projection": True,
}
SD_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
}
X4_VAE = {
    "block_out_channels": (128, 256, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 256,
    "scaling_factor": 0.08333,
}
SD15: dict[str, Any] = {
    "text": SD_TEXT,
    "unet": SD_BLOCKS | {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8},
    "vae": SD_VAE,
}
X4_BETAS = {"beta_start": 0.0001, "beta_end": 0.02}
X4_SCHEDULER = X4_BETAS | V | {"_class_name": "DDIMScheduler"}
X4_LOW_RES = X4_BETAS | {
    "_class_name": "DDPMScheduler",
    "_diffusers_version": "0.39.0",
    "beta_schedule": "scaled_linear",
    "clip_sample": True,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "variance_type": "fixed_small",
}
# What the example of the diffusers course trains.
BUTTERFLIES_SCHEDULER = {
    "_class_name": "DDPMScheduler",
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "squaredcos_cap_v2",
    "clip_sample": True,
    "variance_type": "fixed_small",
}
DPT_HYBRID: dict[str, Any] = {  # Intel/dpt-hybrid-midas, which SD 2 depth holds
    "is_hybrid": True,
    "backbone_config": {
        "model_type": "bit",
        "global_padding": "same",
        "layer_type": "bottleneck",
        "depths": [3, 4, 9],
        "out_features": ["stage1", "stage2", "stage3"],
        "embedding_dynamic_padding": True,
    },
    "backbone_featmap_shape": [1, 1024, 24, 24],
    "hidden_size": 768,
    "image_size": 384,
    "patch_size": 16,
    "neck_hidden_sizes": [256, 512, 768, 768],
    "neck_ignore_stages": [0, 1],
    "reassemble_factors": [1, 1, 1, 0.5],
}

TINY_TEXT = {
    "vocab_size": 514,
    "hidden_size": 32,
    "intermediate_size": 37,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "projection_dim": 32,
}
TINY_UNET = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
TINY_VAE = SD_VAE | {
    "block_out_channels": (8, 8, 16, 16),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "sample_size": 64,
}
TINY_DPT = {
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "image_size": 32,
    "patch_size": 8,
    "backbone_out_indices": [0, 1, 2, 3],
    "neck_hidden_sizes": [8, 8, 16, 16],
    "fusion_hidden_size": 16,
}
TINY_DPT_HYBRID = TINY_DPT | {
    "is_hybrid": True,
    "image_size": 64,
    "patch_size": 16,
    "backbone_config": DPT_HYBRID["backbone_config"]
    | {"depths": [1, 1, 1], "embedding_size": 8, "hidden_sizes": [8, 16, 32], "num_groups": 2},
    "backbone_featmap_shape": [1, 32, 4, 4],
    "neck_hidden_sizes": [8, 16, 16, 16],
    "neck_ignore_stages": [0, 1],
    "reassemble_factors": [1, 1, 1, 0.5],
}
TINY_UNCONDITIONAL = {
    "sample_size": 32,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    "norm_num_groups": 8,
}
XL: dict[str, Any] = {
    "pipeline": "StableDiffusionXLPipeline",
    "scheduler": {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"},
    "index": {"force_zeros_for_empty_prompt": True},
}
TINY_TEXT_2 = TINY_TEXT | {
    "hidden_size": 48,
    "projection_dim": 24,
    "num_hidden_layers": 3,
    "hidden_act": "gelu",
}
TINY_XL: dict[str, Any] = XL | {
    "text": TINY_TEXT | {"num_hidden_layers": 3},
    "text_2": TINY_TEXT_2,
    "unet": TINY_UNET
    | {
        "cross_attention_dim": 32 + 48,
        "transformer_layers_per_block": (1, 2),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 24 + 6 * 8,
    },
    "vae": TINY_VAE | {"scaling_factor": 0.13025},
}
LCM_SCHEDULER = {"_class_name": "LCMScheduler", "original_inference_steps": 50, "timestep_scaling": 10.0}
INPAINT: dict[str, Any] = {"pipeline": "StableDiffusionInpaintPipeline"}
DEPTH: dict[str, Any] = {"pipeline": "StableDiffusionDepth2ImgPipeline"}
UPSCALE: dict[str, Any] = {
    "pipeline": "StableDiffusionUpscalePipeline",
    "index": {"max_noise_level": 350},
}
PIXELS: dict[str, Any] = {"unet_class": "UNet2DModel", "scheduler": BUTTERFLIES_SCHEDULER}
TINY_DEPTH: dict[str, Any] = DEPTH | {
    "text": TINY_TEXT,
    "unet": TINY_UNET | {"in_channels": 5},
    "vae": TINY_VAE,
}
