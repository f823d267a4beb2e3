"""Texts of the tab "Image to image"."""

TEXTS = {
    "lead": (
        "Start from a picture and change it by a prompt.",
        "以一张图片为起点，按提示词进行修改。",
    ),
    "variations": ("Make 4 variations", "生成 4 个变体"),
    "variations_info": (
        "Four versions at strength 0.5, by the settings that the picture carries, else those of the form.",
        "以强度 0.5 生成四个版本：优先使用图片自带的参数，其余取自表单。",
    ),
    "left_out": (
        "Of the picture’s own settings, {fields} cannot be used here and was left out.",
        "图片自带参数中的 {fields} 在此不可用，已忽略。",
    ),
}
