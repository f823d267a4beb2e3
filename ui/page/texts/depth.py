"""Texts of the tab "Depth"."""

TEXTS = {
    "depth": ("Depth map", "深度图"),
    "depth_info": (
        "Brighter is nearer. Without it the depth is estimated from the picture, if the model can do that.",
        "越亮表示越近。不提供时，若模型支持，则从图片中估计深度。",
    ),
    "picture": ("Picture to start from (optional)", "起始图片（可选）"),
    "missing": (
        "There is no depth yet: choose a depth map, or a picture to estimate it from.",
        "还没有深度信息：请选择一张深度图，或一张用于估计深度的图片。",
    ),
}
