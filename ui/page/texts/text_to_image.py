"""Texts of the tab Text to image: the welcome of a first start."""

TEXTS = {
    "welcome": ("Welcome", "欢迎"),
    "welcome_lead": (
        "Lapdraw draws what you describe, on this computer alone. "
        "Choose a prompt to begin, then press Generate.",
        "Lapdraw 会画出你所描述的画面，全部在本机完成。选一个提示词，然后点击“生成”。",
    ),
    "welcome_model": (
        "The small demonstration model is ready to use. It draws simple scenes in seconds and reads English. "
        "To add a real model, open “Optimize”.",
        "附带的小型演示模型已可使用：几秒即可画出简单场景，提示词请用英文。要添加正式模型，请打开“模型优化”。",
    ),
    "welcome_examples": ("Prompts to try", "试试这些提示词"),
}
