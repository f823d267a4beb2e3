"""Texts of the controls that take a picture, and of what the tasks that start from one share."""

TEXTS = {
    "picture": ("Picture", "图片"),
    "drop": (
        "Drop a picture here, paste it, or click to choose a file",
        "将图片拖放到此处、粘贴，或点击选择文件",
    ),
    "accepted": (
        "{width} × {height} pixels",
        "{width} × {height} 像素",
    ),
    "has_settings": (
        "{width} × {height} pixels. This picture carries the settings that made it.",
        "{width} × {height} 像素。这张图片带有生成它的参数。",
    ),
    "use_settings": ("Use its settings", "使用它的参数"),
    "missing": (
        "There is no picture yet: choose one, or send one here from another tab.",
        "还没有图片：请选择一张，或从其他标签页发送过来。",
    ),
    "strength": ("Strength", "重绘强度"),
    "strength_info": (
        "How far the picture may change: 0.3 keeps most of it, 1 leaves little.",
        "画面允许改变的程度：0.3 基本保留原图，1 几乎全部重画。",
    ),
    "resize": ("Resize mode", "缩放方式"),
    "resize_info": (
        "How the picture meets another width and height.",
        "原图与所选宽高不一致时的处理方式。",
    ),
    "resize.crop": ("Crop", "裁剪"),
    "resize.fit": ("Fit, edges continued", "完整显示，边缘延伸"),
    "resize.stretch": ("Stretch", "拉伸"),
}
