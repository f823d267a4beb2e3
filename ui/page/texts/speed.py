"""Texts of how much work a picture is."""

TEXTS = {
    "speed": ("Speed", "速度"),
    "exact": ("Exact", "精确"),
    "balanced": ("Balanced", "均衡"),
    "fast": ("Fast", "快速"),
    "exact_info": ("Nothing is left out.", "完整计算，不做任何省略。"),
    "balanced_info": ("Meant to look the same.", "画面看起来应当相同。"),
    "fast_info": ("Details may differ.", "细节可能有所不同。"),
    "cost": (
        "{does} Measured on this model: {speed} times as fast, {decibels} dB from exact ({count} pictures)",
        "{does}在此模型上实测：速度为 {speed} 倍，与精确结果相差 {decibels} dB（{count} 张图片）",
    ),
    "cost_accuracy": (
        "; attributes shown as asked: {points} points.",
        "；画面符合要求的比例变化 {points} 个百分点。",
    ),
    "timed": (
        "{does} {speed} times as fast; quality not measured: "
        "python launch.py benchmark --quality --model {model}",
        "{does}速度为 {speed} 倍；画质尚未测量：python launch.py benchmark --quality --model {model}",
    ),
    "unmeasured": (
        "{does} Quality not measured: python launch.py benchmark --quality --model {model}",
        "{does}画质尚未测量：python launch.py benchmark --quality --model {model}",
    ),
    "as_preset": ("as the speed says", "由速度决定"),
    "reuse": ("Feature reuse", "特征复用"),
    "reuse_info": (
        "Whole steps: 3 is every third, 1-4 ever fewer.",
        "完整计算的步：3 表示每三步一次，1-4 表示间隔渐增。",
    ),
    "reuse_fault": (
        "Feature reuse cannot be “{value}”: write 3 for every third step, 1-4 for gaps that grow, "
        "or the whole steps, such as 1,2,4,8.",
        "特征复用无法识别“{value}”：请填写 3（每三步一次）、1-4（间隔渐增），"
        "或列出完整计算的步，例如 1,2,4,8。",
    ),
    "guidance_interval": ("Guidance interval", "引导区间"),
    "guidance_interval_info": (
        "Shares of the steps: 0-0.5 guides the first half.",
        "占全部步数的比例：0-0.5 表示只引导前一半。",
    ),
    "guidance_interval_fault": (
        "Guidance interval cannot be “{value}”: write two shares that grow from 0 to 1, such as 0-0.5.",
        "引导区间无法识别“{value}”：请填写从 0 到 1 递增的两个比例，例如 0-0.5。",
    ),
}
