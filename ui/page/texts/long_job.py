"""Texts of a job that takes minutes: optimizing, benchmarking."""

TEXTS = {
    "cancel": ("Cancel", "取消"),
    "log": ("Log", "日志"),
    "waiting": ("Waiting: {ahead} before it.", "等待中：前面还有 {ahead} 个任务。"),
    "waiting_next": ("Waiting to start …", "等待开始……"),
    "starting": ("Starting", "正在启动"),
    "running": ("Step {step} of {steps}: {phase}", "第 {step} / {steps} 步：{phase}"),
    "share": ("{percent} %: {phase}", "{percent} %：{phase}"),
    "since": ("since {time}", "开始于 {time}"),
    "cancelled": ("Cancelled: nothing unfinished was kept.", "已取消：未完成的内容已删除。"),
    # Amounts
    "minutes": ("{count} minutes", "{count} 分钟"),
    "minute": ("a minute", "1 分钟"),
    "seconds": ("{count} seconds", "{count} 秒"),
}
