"""Texts of what a picture says of itself, in its parts."""

TEXTS = {
    "prompt": ("Prompt", "提示词"),
    "negative_prompt": ("Negative prompt", "反向提示词"),
    "settings": ("Settings", "参数"),
    "none": (
        "This picture does not say how it was made.",
        "这张图片没有记录生成参数。",
    ),
    "workflow": (
        "This picture carries a ComfyUI workflow, which Lapdraw does not read: save it with a node that "
        "writes A1111 parameters too.",
        "这张图片带有 ComfyUI 工作流，Lapdraw 无法读取：请用会同时写入 A1111 参数的节点保存。",
    ),
    "left_over": ("Not taken over, or not as it stands", "未采用或未完全采用的内容"),
    "setting": ("Setting", "参数"),
    "value": ("Value", "值"),
    "why": ("Why", "原因"),
    "send": ("Send to another tab", "发送到其他标签页"),
    "send_info": (
        "Takes the picture and what is understood of its settings.",
        "会带上图片以及能够识别的参数。",
    ),
    # Why a setting is not taken over
    "why.unused": ("Lapdraw has nothing like it", "Lapdraw 没有对应的功能"),
    "why.unreadable": ("the value cannot be read", "无法识别这个值"),
    "why.out_of_range": ("the value is out of range here", "超出本程序允许的范围"),
    "why.no_sampler": ("there is no sampler of this name here", "没有这个名称的采样器"),
    "why.no_schedule": ("there is no schedule of this name here", "没有这个名称的调度类型"),
    "why.no_such_pair": ("the sampler does not have this schedule", "该采样器不支持这种调度类型"),
    "why.adapter_missing": ("no such file is here", "这里没有这个文件"),
    "why.adapter_other": ("the file of this name here has other content", "这里的同名文件内容不同"),
    "why.model_missing": ("no such model is installed", "没有安装这个模型"),
    "why.model_other": (
        "taken by its name, but the installed one was made from other weights",
        "已按名称选用，但已安装的模型来自不同的权重",
    ),
    # What else is to be known
    "note.gpu_noise": (
        "Its noise was drawn by another program, probably on a graphics card: the same seed gives another "
        "picture here.",
        "它的噪声由其他程序（可能在显卡上）生成：在这里使用相同的种子会得到不同的图片。",
    ),
    "note.syntax": (
        "The prompt holds AND, or a part such as [a:b:0.5] that changes from step to step: this is not "
        "supported.",
        "提示词中含有 AND，或会随步数变化的 [a:b:0.5] 等写法，这里不支持。",
    ),
    "note.lora": (
        "The prompt names a LoRA that is not here: put its file into the folder loras, or take its tag out.",
        "提示词中引用的 LoRA 不在这里：请把文件放入 loras 文件夹，或去掉该标签。",
    ),
}
