"""Texts that no single tab owns: the heading, the tabs, models and devices, sending, errors."""

TEXTS = {
    "title": ("Lapdraw", "Lapdraw"),
    "lead": (
        "Stable Diffusion on this computer. Nothing you type or draw leaves it.",
        "在这台电脑上运行的 Stable Diffusion。你输入的内容和生成的图片都不会离开本机。",
    ),
    "tab.text-to-image": ("Text to image", "文生图"),
    "tab.image-to-image": ("Image to image", "图生图"),
    "tab.inpaint": ("Inpaint / Outpaint", "局部重绘 / 扩图"),
    "tab.depth": ("Depth", "深度图"),
    "tab.upscale": ("Upscale", "放大"),
    "tab.unconditional": ("Unconditional", "无条件生成"),
    "tab.grid": ("Grid", "对比网格"),
    "tab.history": ("History", "历史"),
    "tab.png-info": ("PNG info", "图片信息"),
    "tab.optimize": ("Optimize", "模型优化"),
    "tab.benchmark": ("Benchmark", "性能测试"),
    "tab.settings": ("Devices & settings", "设备与设置"),
    # Models and devices
    "model": ("Model, device and precision", "模型、设备与精度"),
    "model_info": (
        "Where the model runs and how its weights are stored.",
        "模型在哪个设备上运行，以及权重以什么精度保存。",
    ),
    "model_bundled": (
        "This is a small demonstration model that comes with Lapdraw. To use a real one, open “Optimize”.",
        "这是随 Lapdraw 附带的小型演示模型。要使用正式模型，请打开“模型优化”。",
    ),
    "model_none": (
        "No installed model can do this. Add one under “Optimize”.",
        "没有已安装的模型能完成这项任务。请在“模型优化”中添加。",
    ),
    "device.cpu": ("CPU", "CPU"),
    "device.igpu": ("iGPU", "iGPU"),
    "device.gpu": ("GPU", "GPU"),
    "device.npu": ("NPU", "NPU"),
    "device.cpu+igpu": ("CPU+iGPU", "CPU+iGPU"),
    "device.pytorch-cpu": ("PyTorch CPU", "PyTorch CPU"),
    "device.cuda": ("PyTorch CUDA", "PyTorch CUDA"),
    "device.mps": ("PyTorch MPS", "PyTorch MPS"),
    # Sending a picture to another tab
    "send_to": ("Send to another tab", "发送到其他标签页"),
    "send_info": (
        "Takes the chosen picture, or the first one, with its settings.",
        "会带上选中的图片（未选择时为第一张）及其参数。",
    ),
    "send_nothing": (
        "There is no picture to send yet: make one first.",
        "还没有可以发送的图片：请先生成一张。",
    ),
    # Errors
    "error": ("This did not work", "未能完成"),
    "error_report": ("Report for the developers", "给开发者的错误报告"),
    "error_report_info": (
        "It names versions, the device and where it failed. Read it before you pass it on.",
        "其中包含版本、设备和出错位置。发送给他人之前请先看一遍。",
    ),
}
