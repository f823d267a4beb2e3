"""Texts of the form that every picture tab has."""

TEXTS = {
    "prompt": ("Prompt", "提示词"),
    "example": ("a red house under a night sky", "a red house under a night sky"),
    "prompt_placeholder": (
        "Describe the picture, for example: {example}",
        "描述你想要的画面，例如：{example}",
    ),
    "negative_prompt": ("Negative prompt", "反向提示词"),
    "negative_placeholder": ("What the picture should not show", "不希望出现在画面里的内容"),
    "tokens": ("{count} / {room} tokens", "{count} / {room} 个词元"),
    "tokens_parts": ("read in {count} parts", "分为 {count} 段读取"),
    "tokens_part": ("part {number} ends with “{end}”", "第 {number} 段止于“{end}”"),
    "tokens_more": ("and so on", "依此类推"),
    "safety_checker": ("Safety checker", "安全检查器"),
    "safety_checker_info": (
        "Withholds what the model’s own checker flags. Without it the licence holds all the same: no "
        "unfiltered results in services open to the public.",
        "扣留模型自带检查器标记的图片。关闭后许可条款依然有效：不得在面向公众的服务中提供未经过滤的结果。",
    ),
    "clip_skip": ("Clip skip", "Clip skip（跳过文本编码层）"),
    "clip_skip_info": (
        "Which layer of the text encoder is read, from the last: 1 is the last; some models ask for 2.",
        "读取文本编码器的倒数第几层：1 为最后一层；有些模型要求 2。",
    ),
    "settings": ("Settings", "参数"),
    "sampler": ("Sampler", "采样器"),
    "sampler_info": ("How noise is removed.", "去除噪声所用的算法。"),
    "sampler_own": ("The model’s own ({name})", "模型默认（{name}）"),
    "sampler_own_unknown": ("The model’s own", "模型默认"),
    "schedule": ("Schedule", "调度类型"),
    "schedule_info": ("How the noise levels are spread over the steps.", "噪声强度的分布方式。"),
    "schedule_own": ("Automatic", "Automatic（自动）"),
    "steps": ("Steps", "步数"),
    "steps_info": ("More steps take longer and add detail.", "步数越多，细节越多，耗时也越长。"),
    "guidance": ("Guidance scale", "提示词引导系数"),
    "guidance_info": (
        "How strictly the prompt is followed (CFG). At 1 or less the negative prompt has no effect.",
        "画面贴合提示词的程度（CFG）。小于等于 1 时反向提示词不起作用。",
    ),
    "preset": ("Size", "尺寸"),
    "preset_own": ("{width} × {height} (the model’s own)", "{width} × {height}（模型默认）"),
    "preset_picture": ("As the picture", "与原图相同"),
    "preset_ratio": ("{width} × {height} ({ratio})", "{width} × {height}（{ratio}）"),
    "preset_custom": ("Other width and height", "自定义宽高"),
    "width": ("Width", "宽度"),
    "height": ("Height", "高度"),
    "size_info": ("Pixels, a multiple of 8.", "像素，须为 8 的倍数。"),
    "size_info_picture": (
        "Pixels, a multiple of 8; 0 is as the picture.",
        "像素，须为 8 的倍数；0 表示与原图相同。",
    ),
    "size_own": ("automatic", "自动"),
    "swap": ("Swap width and height", "交换宽高"),
    "count": ("Pictures", "图片数量"),
    "count_info": ("1 to 100, seeds counted up.", "1 到 100，种子递增。"),
    "seed": ("Seed", "随机种子"),
    "seed_info": (
        "Same seed, same picture; −1 is random.",
        "种子相同则图片相同；-1 为随机。",
    ),
    "seed_random": ("Random seed", "随机"),
    "seed_reuse": ("Reuse last seed", "沿用上次种子"),
    "seed_none": (
        "No picture was made here yet, so there is no seed to reuse.",
        "这里还没有生成过图片，没有可沿用的种子。",
    ),
    # What cannot be asked for
    "not_a_number": ("{field}: please enter a number.", "{field}：请输入数字。"),
    "out_of_range": (
        "{field} must be from {low} to {high}, not {value}.",
        "{field}必须在 {low} 到 {high} 之间，而不是 {value}。",
    ),
    "not_whole": (
        "{field} must be a whole number, not {value}.",
        "{field}必须是整数，而不是 {value}。",
    ),
    "not_a_multiple": (
        "{field} must be a multiple of 8, not {value}: try {below} or {above}.",
        "{field}必须是 8 的倍数，而不是 {value}：可以改为 {below} 或 {above}。",
    ),
}
