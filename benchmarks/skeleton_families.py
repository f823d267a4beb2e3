"""The configurations of the random-weight models of skeleton.py: full-size ones as published, and tiny."""

from benchmarks.skeleton_settings import (
    DEPTH,
    DPT_HYBRID,
    INPAINT,
    LCM_SCHEDULER,
    PIXELS,
    SD2_PAD,
    SD2_TEXT,
    SD2_UNET,
    SD15,
    SD_TEXT,
    SD_VAE,
    SDXL_TEXT_2,
    TINY_DEPTH,
    TINY_DPT,
    TINY_DPT_HYBRID,
    TINY_TEXT,
    TINY_UNCONDITIONAL,
    TINY_UNET,
    TINY_VAE,
    TINY_XL,
    UPSCALE,
    X4_LOW_RES,
    X4_SCHEDULER,
    X4_VAE,
    XL,
    Family,
    V,
)

FAMILIES = {
    "tiny": Family(text=TINY_TEXT, unet=TINY_UNET, vae=TINY_VAE),
    "tiny-attends": Family(
        text=TINY_TEXT,
        unet=TINY_UNET
        | {"down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D")}
        | {"up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D")},
        vae=TINY_VAE,
    ),
    "tiny-v": Family(
        text=TINY_TEXT | {"hidden_act": "gelu"},
        unet=TINY_UNET
        | {"use_linear_projection": True, "attention_head_dim": (4, 8), "upcast_attention": True},
        vae=TINY_VAE,
        scheduler=V,
        tokenizer=SD2_PAD,
    ),
    "tiny-inpaint": Family(**INPAINT, text=TINY_TEXT, unet=TINY_UNET | {"in_channels": 9}, vae=TINY_VAE),
    "tiny-xl": Family(**TINY_XL),
    "tiny-xl-inpaint": Family(
        **TINY_XL
        | {"pipeline": "StableDiffusionXLInpaintPipeline", "unet": TINY_XL["unet"] | {"in_channels": 9}}
    ),
    "tiny-lcm": Family(
        pipeline="LatentConsistencyModelPipeline",
        text=TINY_TEXT,
        unet=TINY_UNET | {"time_cond_proj_dim": 32},
        vae=TINY_VAE,
        scheduler=LCM_SCHEDULER,
    ),
    "tiny-depth": Family(**TINY_DEPTH, depth=TINY_DPT),
    "tiny-depth-hybrid": Family(**TINY_DEPTH, depth=TINY_DPT_HYBRID),
    "tiny-depth-alone": Family(**TINY_DEPTH),
    "tiny-upscale": Family(
        **UPSCALE,
        text=TINY_TEXT | {"hidden_act": "gelu"},
        unet=TINY_UNET
        | {"in_channels": 7, "num_class_embeds": 1000, "only_cross_attention": (True, False)}
        | {"use_linear_projection": True},
        vae=X4_VAE | {"block_out_channels": (8, 8, 16), "layers_per_block": 1, "norm_num_groups": 4},
        scheduler=X4_SCHEDULER,
        low_res_scheduler=X4_LOW_RES,
        tokenizer=SD2_PAD,
    ),
    "tiny-unconditional": Family(**PIXELS, pipeline="DDPMPipeline", unet=TINY_UNCONDITIONAL),
    "tiny-unconditional-ddim": Family(
        **PIXELS | {"scheduler": {"_class_name": "DDIMScheduler", "set_alpha_to_one": True}},
        pipeline="DDIMPipeline",
        unet=TINY_UNCONDITIONAL,
    ),
    "sd15": Family(**SD15),
    # Without a distilled model's own guidance input: its weights make no difference to the time that four
    # unguided steps take.
    "sd15-lcm": Family(
        **SD15,
        scheduler=LCM_SCHEDULER,
    ),
    "sd21": Family(
        text=SD2_TEXT,
        unet=SD2_UNET | {"sample_size": 96, "upcast_attention": True},
        vae=SD_VAE | {"sample_size": 768},
        scheduler=V,
        tokenizer=SD2_PAD,
    ),
    "sdxl": Family(
        **XL,
        text=SD_TEXT,
        text_2=SDXL_TEXT_2,
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
        vae=SD_VAE | {"sample_size": 1024, "scaling_factor": 0.13025},
    ),
    "sd2-depth": Family(
        **DEPTH,
        text=SD2_TEXT,
        unet=SD2_UNET | {"in_channels": 5},
        vae=SD_VAE,
        depth=DPT_HYBRID,
        tokenizer=SD2_PAD,
    ),
    "x4-upscaler": Family(
        **UPSCALE,
        text=SD2_TEXT,
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
        vae=X4_VAE,
        scheduler=X4_SCHEDULER,
        low_res_scheduler=X4_LOW_RES,
        tokenizer=SD2_PAD,
    ),
    "butterflies": Family(
        **PIXELS,
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
