"""Texts of the tab "Inpaint / Outpaint"."""

TEXTS = {
    "task": ("What to do", "操作"),
    "task.inpaint": ("Inpaint: repaint a part", "局部重绘：重画一部分"),
    "task.outpaint": ("Outpaint: extend the picture", "扩图：向外延伸画面"),
    "way": ("Mask", "蒙版"),
    "way_info": (
        "Paint over what should change: white is repainted, everything else stays as it is.",
        "涂抹需要重绘的部分：白色会被重绘，其余保持不变。",
    ),
    "way.painted": ("Paint it", "手绘"),
    "way.picture": ("Upload it", "上传"),
    "way.numbers": ("In numbers", "输入数值"),
    "editor": ("Paint", "涂抹"),
    "editor_empty": (
        "Choose a picture first; then paint over what should change.",
        "请先选择图片，然后涂抹需要重绘的部分。",
    ),
    "mask_picture": ("Mask picture", "蒙版图片"),
    "rectangle_info": (
        "A rectangle of the picture, in pixels from its upper left corner.",
        "图片中的一个矩形，以左上角为原点，单位为像素。",
    ),
    "mask_left": ("From the left", "左边距"),
    "mask_top": ("From the top", "上边距"),
    "mask_width": ("Mask width", "蒙版宽度"),
    "mask_height": ("Mask height", "蒙版高度"),
    "mask_blur": ("Mask blur", "蒙版羽化"),
    "mask_blur_info": ("Pixels; softens the edge.", "像素；柔化边缘。"),
    "invert_mask": ("Invert the mask: repaint everything else", "反转蒙版：重绘其余部分"),
    "only_masked": (
        "Only the masked area: work on it alone, at full size",
        "仅蒙版区域：以完整尺寸单独处理",
    ),
    "padding": ("Padding", "边距"),
    "padding_info": (
        "Pixels around the masked area that are seen as well.",
        "蒙版区域周围一并参考的像素数。",
    ),
    "sides_info": (
        "How many pixels to add at each side, up to 4096.",
        "每一侧要扩展的像素数，最多 4096。",
    ),
    "left": ("Left", "左侧"),
    "right": ("Right", "右侧"),
    "top": ("Top", "上方"),
    "bottom": ("Bottom", "下方"),
    "extended": (
        "{width} × {height} becomes {new_width} × {new_height} pixels.",
        "{width} × {height} 将变为 {new_width} × {new_height} 像素。",
    ),
    "no_side": (
        "There is nothing to extend: enter the pixels of at least one side.",
        "没有要扩展的内容：请至少输入一侧的像素数。",
    ),
    "nothing_painted": (
        "Nothing is painted yet: paint over what should change, or give the mask in another way.",
        "还没有涂抹任何内容：请涂抹需要重绘的部分，或改用其他方式给出蒙版。",
    ),
    "no_mask_picture": (
        "There is no mask yet: choose a picture that is white where to repaint.",
        "还没有蒙版：请选择一张图片，白色表示要重绘的部分。",
    ),
    "rectangle_outside": (
        "A rectangle of {width} × {height} pixels at {left}, {top} covers nothing of the picture: "
        "choose numbers within {picture_width} × {picture_height}.",
        "位于 ({left}, {top})、大小为 {width} × {height} 像素的矩形不在图片范围内："
        "请输入 {picture_width} × {picture_height} 以内的数值。",
    ),
}
