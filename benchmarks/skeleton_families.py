"""The configurations of the random-weight models of skeleton.py: full-size ones as published, and tiny."""

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


_V = {"prediction_type": "v_prediction"}
_SD2_PAD = {"pad_token": "!"}
_SD_TEXT = {
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "projection_dim": 768,
}
_SD2_TEXT = {
    "vocab_size": 49408,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_attention_heads": 16,
    "num_hidden_layers": 23,
    "projection_dim": 512,
    "hidden_act": "gelu",
}
_SDXL_TEXT_2 = {
    "vocab_size": 49408,
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_attention_heads": 20,
    "num_hidden_layers": 32,
    "projection_dim": 1280,
    "hidden_act": "gelu",
}
_SD_BLOCKS = {
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}
_SD2_UNET = _SD_BLOCKS | {
    "sample_size": 64,
    "cross_attention_dim": 1024,
    "attention_head_dim": (5, 10, 20, 20),
    "use_linear_projection": True,
}
_SD_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 512,
}
_X4_VAE = {
    "block_out_channels": (128, 256, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 256,
    "scaling_factor": 0.08333,
}
_SD15: dict[str, Any] = {
    "text": _SD_TEXT,
    "unet": _SD_BLOCKS | {"sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8},
    "vae": _SD_VAE,
}
_X4_BETAS = {"beta_start": 0.0001, "beta_end": 0.02}
_X4_SCHEDULER = _X4_BETAS | _V | {"_class_name": "DDIMScheduler"}
_X4_LOW_RES = _X4_BETAS | {
    "_class_name": "DDPMScheduler",
    "_diffusers_version": "0.39.0",
    "beta_schedule": "scaled_linear",
    "clip_sample": True,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "variance_type": "fixed_small",
}
# What the example of the diffusers course trains.
_BUTTERFLIES_SCHEDULER = {
    "_class_name": "DDPMScheduler",
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "squaredcos_cap_v2",
    "clip_sample": True,
    "variance_type": "fixed_small",
}
_DPT_HYBRID: dict[str, Any] = {  # Intel/dpt-hybrid-midas, which SD 2 depth holds
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

_TINY_TEXT = {
    "vocab_size": 514,
    "hidden_size": 32,
    "intermediate_size": 37,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "projection_dim": 32,
}
_TINY_UNET = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
_TINY_VAE = _SD_VAE | {
    "block_out_channels": (8, 8, 16, 16),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "sample_size": 64,
}
_TINY_DPT = {
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
_TINY_DPT_HYBRID = _TINY_DPT | {
    "is_hybrid": True,
    "image_size": 64,
    "patch_size": 16,
    "backbone_config": _DPT_HYBRID["backbone_config"]
    | {"depths": [1, 1, 1], "embedding_size": 8, "hidden_sizes": [8, 16, 32], "num_groups": 2},
    "backbone_featmap_shape": [1, 32, 4, 4],
    "neck_hidden_sizes": [8, 16, 16, 16],
    "neck_ignore_stages": [0, 1],
    "reassemble_factors": [1, 1, 1, 0.5],
}
_TINY_UNCONDITIONAL = {
    "sample_size": 32,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    "norm_num_groups": 8,
}
_XL: dict[str, Any] = {
    "pipeline": "StableDiffusionXLPipeline",
    "scheduler": {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"},
    "index": {"force_zeros_for_empty_prompt": True},
}
_TINY_TEXT_2 = _TINY_TEXT | {
    "hidden_size": 48,
    "projection_dim": 24,
    "num_hidden_layers": 3,
    "hidden_act": "gelu",
}
_TINY_XL: dict[str, Any] = _XL | {
    "text": _TINY_TEXT | {"num_hidden_layers": 3},
    "text_2": _TINY_TEXT_2,
    "unet": _TINY_UNET
    | {
        "cross_attention_dim": 32 + 48,
        "transformer_layers_per_block": (1, 2),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 24 + 6 * 8,
    },
    "vae": _TINY_VAE | {"scaling_factor": 0.13025},
}
_LCM_SCHEDULER = {"_class_name": "LCMScheduler", "original_inference_steps": 50, "timestep_scaling": 10.0}
_INPAINT: dict[str, Any] = {"pipeline": "StableDiffusionInpaintPipeline"}
_DEPTH: dict[str, Any] = {"pipeline": "StableDiffusionDepth2ImgPipeline"}
_UPSCALE: dict[str, Any] = {
    "pipeline": "StableDiffusionUpscalePipeline",
    "index": {"max_noise_level": 350},
}
_PIXELS: dict[str, Any] = {"unet_class": "UNet2DModel", "scheduler": _BUTTERFLIES_SCHEDULER}
_TINY_DEPTH: dict[str, Any] = _DEPTH | {
    "text": _TINY_TEXT,
    "unet": _TINY_UNET | {"in_channels": 5},
    "vae": _TINY_VAE,
}

FAMILIES = {
    "tiny": Family(text=_TINY_TEXT, unet=_TINY_UNET, vae=_TINY_VAE),
    "tiny-v": Family(
        text=_TINY_TEXT | {"hidden_act": "gelu"},
        unet=_TINY_UNET
        | {"use_linear_projection": True, "attention_head_dim": (4, 8), "upcast_attention": True},
        vae=_TINY_VAE,
        scheduler=_V,
        tokenizer=_SD2_PAD,
    ),
    "tiny-inpaint": Family(**_INPAINT, text=_TINY_TEXT, unet=_TINY_UNET | {"in_channels": 9}, vae=_TINY_VAE),
    "tiny-xl": Family(**_TINY_XL),
    "tiny-xl-inpaint": Family(
        **_TINY_XL
        | {"pipeline": "StableDiffusionXLInpaintPipeline", "unet": _TINY_XL["unet"] | {"in_channels": 9}}
    ),
    "tiny-lcm": Family(
        pipeline="LatentConsistencyModelPipeline",
        text=_TINY_TEXT,
        unet=_TINY_UNET | {"time_cond_proj_dim": 32},
        vae=_TINY_VAE,
        scheduler=_LCM_SCHEDULER,
    ),
    "tiny-depth": Family(**_TINY_DEPTH, depth=_TINY_DPT),
    "tiny-depth-hybrid": Family(**_TINY_DEPTH, depth=_TINY_DPT_HYBRID),
    "tiny-depth-alone": Family(**_TINY_DEPTH),
    "tiny-upscale": Family(
        **_UPSCALE,
        text=_TINY_TEXT | {"hidden_act": "gelu"},
        unet=_TINY_UNET
        | {"in_channels": 7, "num_class_embeds": 1000, "only_cross_attention": (True, False)}
        | {"use_linear_projection": True},
        vae=_X4_VAE | {"block_out_channels": (8, 8, 16), "layers_per_block": 1, "norm_num_groups": 4},
        scheduler=_X4_SCHEDULER,
        low_res_scheduler=_X4_LOW_RES,
        tokenizer=_SD2_PAD,
    ),
    "tiny-unconditional": Family(**_PIXELS, pipeline="DDPMPipeline", unet=_TINY_UNCONDITIONAL),
    "tiny-unconditional-ddim": Family(
        **_PIXELS | {"scheduler": {"_class_name": "DDIMScheduler", "set_alpha_to_one": True}},
        pipeline="DDIMPipeline",
        unet=_TINY_UNCONDITIONAL,
    ),
    "sd15": Family(**_SD15),
    # A distilled model's own guidance input is left out: the runtime has none yet. Its weights make no
    # difference to the time that four unguided steps take.
    "sd15-lcm": Family(
        **_SD15,
        scheduler=_LCM_SCHEDULER,
    ),
    "sd21": Family(
        text=_SD2_TEXT,
        unet=_SD2_UNET | {"sample_size": 96, "upcast_attention": True},
        vae=_SD_VAE | {"sample_size": 768},
        scheduler=_V,
        tokenizer=_SD2_PAD,
    ),
    "sdxl": Family(
        **_XL,
        text=_SD_TEXT,
        text_2=_SDXL_TEXT_2,
        unet={
            "sample_size": 128,
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "transformer_layers_per_block": (1, 2, 10),
            "attention_head_dim": (5, 10, 20),
            "cross_attention_dim": 2048,
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        },
        vae=_SD_VAE | {"sample_size": 1024, "scaling_factor": 0.13025},
    ),
    "sd2-depth": Family(
        **_DEPTH,
        text=_SD2_TEXT,
        unet=_SD2_UNET | {"in_channels": 5},
        vae=_SD_VAE,
        depth=_DPT_HYBRID,
        tokenizer=_SD2_PAD,
    ),
    "x4-upscaler": Family(
        **_UPSCALE,
        text=_SD2_TEXT,
        unet={
            "in_channels": 7,
            "sample_size": 128,
            "block_out_channels": (256, 512, 512, 1024),
            "down_block_types": ("DownBlock2D",) + ("CrossAttnDownBlock2D",) * 3,
            "up_block_types": ("CrossAttnUpBlock2D",) * 3 + ("UpBlock2D",),
            "only_cross_attention": (True, True, True, False),
            "num_class_embeds": 1000,
            "cross_attention_dim": 1024,
            "attention_head_dim": 8,
            "use_linear_projection": True,
        },
        vae=_X4_VAE,
        scheduler=_X4_SCHEDULER,
        low_res_scheduler=_X4_LOW_RES,
        tokenizer=_SD2_PAD,
    ),
    "butterflies": Family(
        **_PIXELS,
        pipeline="DDPMPipeline",
        unet={
            "sample_size": 32,
            "layers_per_block": 2,
            "block_out_channels": (64, 128, 128, 256),
            "down_block_types": ("DownBlock2D",) * 2 + ("AttnDownBlock2D",) * 2,
            "up_block_types": ("AttnUpBlock2D",) * 2 + ("UpBlock2D",) * 2,
        },
    ),
}
