"""Texts of the tab "Image to image"."""

TEXTS = {
    "variations": ("Make 4 variations", "生成 4 个变体"),
    "variations_info": (
        "Four versions at strength 0.5, by the settings that the picture carries, else those of the form.",
        "以强度 0.5 生成四个版本：优先使用图片自带的参数，其余取自表单。",
    ),
}
