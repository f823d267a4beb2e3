"""Texts of the tab "PNG info"."""

TEXTS = {
    "lead": (
        "Drop a picture from Lapdraw, A1111 or ComfyUI (with A1111 parameters): PNG, JPEG or WebP.",
        "放入由 Lapdraw、A1111 或 ComfyUI（带 A1111 参数）生成的图片：PNG、JPEG 或 WebP。",
    ),
    "raw": ("Text of the picture", "图片中的文字"),
    "raw_info": (
        "As it stands in the file. You can also paste such a text here.",
        "文件中的原文。也可以在此粘贴这样的文字。",
    ),
    "raw_placeholder": (
        "prompt\nNegative prompt: …\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512",
        "prompt\nNegative prompt: …\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512",
    ),
    "unreadable": (
        "The picture itself cannot be used: {reason}",
        "图片本身无法使用：{reason}",
    ),
    "back": ("Settings into the form of their task", "将参数填入对应任务的表单"),
    "back_nothing": (
        "There are no settings here yet: drop a picture, or paste a text.",
        "还没有参数：请放入图片，或粘贴文字。",
    ),
}
