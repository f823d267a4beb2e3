"""Texts of the tab "Upscale"."""

TEXTS = {
    "lanczos": ("Lanczos (no model, at once)", "Lanczos（不用模型，立即完成）"),
    "lanczos_info": (
        "Plain resampling: nothing is invented, and no setting but the picture has an effect.",
        "普通重采样：不补充任何细节，除图片外其他参数均不起作用。",
    ),
    "noise_level": ("Noise level", "噪声强度"),
    "noise_level_info": (
        "How much noise the model is told to see: more invents more.",
        "告知模型图片中的噪声程度：数值越大，补充的细节越多。",
    ),
    "tile": ("Tile", "分块大小"),
    "tile_info": (
        "Side of a tile of the result in pixels; smaller takes less memory. 0 is the model’s own.",
        "结果分块的边长（像素）；越小占用内存越少。0 表示模型默认。",
    ),
    "result": (
        "{width} × {height} becomes {new_width} × {new_height} pixels.",
        "{width} × {height} 将变为 {new_width} × {new_height} 像素。",
    ),
}
