"""Texts of the tab "Grid"."""

TEXTS = {
    "lead": (
        "A picture for every value of one axis, or for every pair of values of two, and a sheet of them all.",
        "为一个轴的每个取值，或两个轴取值的每种组合各生成一张图片，并汇总成一张对比图。",
    ),
    "columns": ("Columns (X)", "列（X 轴）"),
    "columns_values": ("Values of the columns", "列的取值"),
    "rows": ("Rows (Y)", "行（Y 轴）"),
    "rows_values": ("Values of the rows", "行的取值"),
    "no_axis": ("None", "无"),
    "axis.guidance": ("Guidance scale", "提示词引导系数"),
    "axis.seed": ("Seed", "随机种子"),
    "axis.steps": ("Steps", "步数"),
    "axis.clip-skip": ("Clip skip", "Clip skip"),
    "axis.sampler": ("Sampler", "采样器"),
    "axis.schedule": ("Schedule", "调度类型"),
    "axis.size": ("Size", "尺寸"),
    "axis.speed": ("Speed", "速度"),
    "axis.reuse": ("Feature reuse", "特征复用"),
    "axis.prompt": ("Prompt", "提示词"),
    "hint.guidance": ("Numbers with commas, for example 3, 7.5, 12", "用英文逗号分隔的数字，例如 3, 7.5, 12"),
    "hint.seed": ("Whole numbers with commas, for example 1, 2, 3", "用英文逗号分隔的整数，例如 1, 2, 3"),
    "hint.steps": (
        "Whole numbers with commas, for example 5, 10, 20",
        "用英文逗号分隔的整数，例如 5, 10, 20",
    ),
    "hint.clip-skip": ("Whole numbers with commas, for example 1, 2", "用英文逗号分隔的整数，例如 1, 2"),
    "hint.sampler": (
        "Names with commas, for example Euler a, DPM++ 2M Karras",
        "用英文逗号分隔的名称，例如 Euler a, DPM++ 2M Karras",
    ),
    "hint.schedule": (
        "Names with commas, for example Automatic, Karras",
        "用英文逗号分隔的名称，例如 Automatic, Karras",
    ),
    "hint.speed": (
        "Names with commas: exact, balanced, fast",
        "用英文逗号分隔的名称：exact, balanced, fast",
    ),
    "hint.reuse": (
        "Every how many steps a whole one, for example 1, 2, 3",
        "每隔多少步完整计算一次，例如 1, 2, 3",
    ),
    "hint.size": (
        "Width x height with commas, for example {width}x{height}, {height}x{width}",
        "用英文逗号分隔的“宽x高”，例如 {width}x{height}, {height}x{width}",
    ),
    "hint.prompt": (
        'Prompts with commas, in quotes where they hold one: "a house, at night", "a boat"',
        '用英文逗号分隔的提示词，含逗号的要加引号："a house, at night", "a boat"',
    ),
    "hint.": ("Choose an axis first.", "请先选择一个轴。"),
    "count_one": ("1 picture", "1 张图片"),
    "count": ("{count} pictures", "{count} 张图片"),
    "count_seconds": ("{pictures}, about {seconds} s", "{pictures}，约 {seconds} 秒"),
    "count_minutes": ("{pictures}, about {minutes} minutes", "{pictures}，约 {minutes} 分钟"),
    "count_hours": ("{pictures}, about {hours} hours", "{pictures}，约 {hours} 小时"),
    "sheet": ("The sheet", "对比图"),
    "sheet_alt": ("All pictures of the grid on one sheet", "网格中所有图片的汇总"),
    "download": ("Download the sheet", "下载对比图"),
    # What cannot be asked for
    "no_columns": (
        "There is no axis for the columns: choose one.",
        "还没有选择列的轴：请选择一个。",
    ),
    "no_values": (
        "{axis} has no value, or an empty one between commas: write values with commas.",
        "{axis}没有取值，或逗号之间有空值：请填写用逗号分隔的值。",
    ),
    "bad_value": (
        "{axis} cannot read “{value}”. {hint}.",
        "{axis}无法识别“{value}”。{hint}。",
    ),
    "same_axis": (
        "Columns and rows are both {axis}: choose another axis for one of them.",
        "行和列都是{axis}：请为其中一个选择其他的轴。",
    ),
    "too_many": (
        "A grid has at most {most} pictures, this one has {count}: give fewer values.",
        "网格最多 {most} 张图片，现在有 {count} 张：请减少取值。",
    ),
}
