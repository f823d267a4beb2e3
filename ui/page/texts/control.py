"""Texts of the section for ControlNets."""

TEXTS = {
    "title": ("ControlNet", "ControlNet"),
    "none": ("None", "无"),
    "net": ("ControlNet {number}", "ControlNet {number}"),
    "net_info": (
        "Lets a picture decide the composition. “optimize” makes one of a folder or of a model on the Hub.",
        "用一张图片控制构图。可用“optimize”命令由 diffusers 文件夹或 Hub 上的模型制作。",
    ),
    "picture": ("Picture for ControlNet {number}", "ControlNet {number} 的图片"),
    "no_picture": (
        "The ControlNet {net} has no picture to go by: choose one, or set it to None.",
        "ControlNet {net} 还没有图片：请选择一张，或将其设为“无”。",
    ),
    "kind": ("Made of the picture", "预处理"),
    "kind_info": (
        "What the net was trained on. “As it is” is for a picture that was prepared already.",
        "须与该 ControlNet 的训练方式一致；已经处理好的图片请选“原样使用”。",
    ),
    "kind.none": ("As it is", "原样使用"),
    "kind.canny": ("Outlines (canny)", "边缘 (canny)"),
    "kind.depth": ("Depth map, brighter is nearer", "深度图（越亮越近）"),
    "kind.scribble": ("Drawn lines (scribble)", "涂鸦线条 (scribble)"),
    "weight": ("Weight", "权重"),
    "start": ("Starts at this share of the steps", "起始步数比例"),
    "end": ("Ends at this share of the steps", "结束步数比例"),
    "low": ("Lower threshold of outlines", "边缘检测低阈值"),
    "high": ("Upper threshold of outlines", "边缘检测高阈值"),
}
