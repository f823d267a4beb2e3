"""Texts of the tab that turns a model into one that runs fast here, and of the list of models."""

TEXTS = {
    "lead": (
        "Turn a Stable Diffusion model into one that runs fast on this computer. It happens once for each "
        "model; afterwards it is in every drop-down.",
        "把 Stable Diffusion 模型转换为能在这台电脑上快速运行的模型。"
        "每个模型只需转换一次，之后会出现在所有模型列表中。",
    ),
    "how_to": (
        "A model comes from the Hugging Face Hub, from one `.safetensors` file, or from a diffusers folder "
        "(with `model_index.json`): put one into `sources` in the data folder, then press Refresh.",
        "模型可来自 Hugging Face Hub、单个 `.safetensors` 文件，或 diffusers 文件夹（包含 "
        "`model_index.json`）：请把文件夹放入数据文件夹的 `sources` 中，然后点击“刷新”。",
    ),
    "source": ("Model to optimize", "要优化的模型"),
    "source_none": ("No source was found.", "没有找到可用的来源。"),
    "source_info": ("Found on this disk.", "在本机磁盘上找到的模型。"),
    "place.data": ("sources folder", "sources 文件夹"),
    "place.bundled": ("bundled", "内置"),
    "place.fetched": ("fetched from the Hub", "已从 Hub 下载"),
    "place.hub": ("Hugging Face cache", "Hugging Face 缓存"),
    "refresh": ("Refresh", "刷新"),
    "folder": ("Folder on disk (optional)", "本机文件夹（可选）"),
    "folder_info": (
        "A diffusers folder that is not in the list. When it is given, it is taken instead.",
        "不在列表中的 diffusers 文件夹。填写后将优先使用它。",
    ),
    "unusable": ("Found, but not offered", "已找到但无法使用"),
    "precision": ("Device and precision", "设备与精度"),
    "precision_info": (
        "FP16 takes half the disk, runs on the CPU and on the integrated GPU, and gives the same pictures to "
        "the eye. FP32 keeps every bit. INT8 computes faster on a CPU with VNNI and changes details of the "
        "picture; with weights only it is smaller on disk, and no faster.",
        "FP16 占用一半磁盘空间，可在 CPU 和核显上运行，画面肉眼无差别。FP32 保留全部精度。"
        "INT8 在支持 VNNI 的 CPU 上更快，但会改变画面细节；仅权重的 INT8 只减小磁盘占用，不会加速。",
    ),
    "precision.fp32": ("CPU FP32", "CPU FP32"),
    "precision.fp16": ("CPU / iGPU FP16", "CPU / 核显 FP16"),
    "precision.int8": ("CPU INT8", "CPU INT8"),
    "precision.int8-weights": ("INT8, weights only", "INT8（仅权重）"),
    "name": ("Name of the new model", "新模型的名称"),
    "needs": ("What it will need", "所需资源"),
    "needs.disk": ("Disk while it runs", "运行期间的磁盘空间"),
    "needs.kept": ("Disk of the model afterwards", "完成后模型占用的磁盘"),
    "needs.memory": ("Memory at its peak", "内存峰值"),
    "needs.time": ("Time", "时间"),
    "needs.install": ("To be installed first, once", "首次需要安装"),
    "needs.free": ("{size} free", "可用 {size}"),
    "needs.unknown": ("not told by this system", "系统未提供"),
    "needs.here": ("by earlier optimizations here", "根据本机以往的优化估算"),
    "needs.elsewhere": (
        "on a two-core machine where it was measured",
        "根据双核机器上的实测估算",
    ),
    "needs.pytorch": (
        "PyTorch and what it needs, from the internet (PyPI); only the conversion uses them",
        "PyTorch 及相关软件包，需联网下载（PyPI）；仅转换时使用",
    ),
    "lacks_disk": (
        "The disk is too full: {needed} are needed and {free} are free. Free some space, or move the data "
        "folder.",
        "磁盘空间不足：需要 {needed}，可用 {free}。请清理空间，或移动数据文件夹。",
    ),
    "lacks_memory": (
        "Memory is short: about {needed} are needed and {free} are free. Close other programs first, or the "
        "system may end the conversion.",
        "内存不足：约需要 {needed}，可用 {free}。请先关闭其他程序，否则系统可能会中止转换。",
    ),
    "cpu_pytorch": (
        "Smaller PyTorch, without NVIDIA's libraries",
        "安装较小的 PyTorch（不含 NVIDIA 库）",
    ),
    "cpu_pytorch_info": (
        "Saves {size}; from PyTorch's own index. Leave it on unless this computer has an NVIDIA GPU.",
        "可节省 {size}；来自 PyTorch 官方源。除非本机有 NVIDIA 显卡，否则请保持勾选。",
    ),
    "start": ("Optimize model", "优化模型"),
    "start_install": ("Install what it needs and optimize", "安装所需组件并优化"),
    "setup_unfinished": (
        "An installation was interrupted: close Lapdraw and start it again, which repairs it, then optimize.",
        "上一次安装被中断：请关闭 Lapdraw 并重新启动以完成修复，然后再优化。",
    ),
    "name_taken": (
        "There is a model {name} already: give another name, or delete that one below.",
        "已有名为 {name} 的模型：请换一个名称，或先在下方删除它。",
    ),
    "no_source": ("Choose a model to optimize first.", "请先选择要优化的模型。"),
    "title": ("Optimize {name}", "优化 {name}"),
    "done": ("{name} is ready: it is in every drop-down now.", "{name} 已就绪：现在可在所有模型列表中选择。"),
    "errors": ("How close it is to PyTorch", "与 PyTorch 的误差"),
    "errors_info": (
        "The largest difference between the outputs of the new model and of PyTorch on the same input, as a "
        "share of the largest output. FP16 stays near 0.1 %.",
        "同一输入下新模型与 PyTorch 输出的最大差异，占最大输出值的比例。FP16 通常约为 0.1 %。",
    ),
    "quantized": (
        "INT8: the UNet's answers are off by {error} on average; {count} pictures by {psnr} dB on average "
        "(from the same seeds, before and after). A call of the UNet took {before} before and {after} after: "
        "{speed} times the speed, on {machine}.",
        "INT8：UNet 输出平均偏差 {error}；{count} 张图片量化前后（相同种子）平均 PSNR 为 {psnr} dB。"
        "UNet 每次调用由 {before} 变为 {after}，速度为原来的 {speed} 倍（{machine}）。",
    ),
    "component": ("Component", "组件"),
    "gone": (
        "{name} is not there any more: optimize it again.",
        "{name} 已不存在：请重新优化。",
    ),
    "use": ("Use it", "使用该模型"),
    # Phases of `optimize`, the component's name behind them
    "phase.checking source": ("checking the source", "检查来源"),
    "phase.loading": ("loading {what}", "加载 {what}"),
    "phase.exporting": ("converting {what}", "转换 {what}"),
    "phase.checking the model": ("checking the model", "检查模型"),
    "phase.checking": ("comparing {what} with PyTorch", "与 PyTorch 对比 {what}"),
    "phase.drawing calibration pictures": ("drawing pictures to calibrate on", "生成校准用图片"),
    "phase.quantizing": ("making {what} int8", "将 {what} 量化为 INT8"),
    "phase.timing": ("timing {what} before and after", "对比量化前后 {what} 的速度"),
    "phase.comparing pictures": ("comparing pictures before and after", "对比量化前后的图片"),
    "phase.writing manifest": ("writing the manifest", "写入清单"),
    # Installed models
    "installed": ("Installed models", "已安装的模型"),
    "column.name": ("Name", "名称"),
    "column.size": ("Size", "大小"),
    "column.tasks": ("Can do", "功能"),
    "column.precision": ("Precision", "精度"),
    "column.pixels": ("Pixels", "像素"),
    "column.origin": ("Origin", "来源"),
    "bundled": ("bundled", "内置"),
    "yours": ("yours", "自行添加"),
    "damaged": ("cannot be used: {reason}", "无法使用：{reason}"),
    "task.text-to-image": ("text to image", "文生图"),
    "task.image-to-image": ("image to image", "图生图"),
    "task.inpaint": ("inpaint", "局部重绘"),
    "task.outpaint": ("outpaint", "扩图"),
    "task.depth-to-image": ("depth", "深度图"),
    "task.upscale": ("upscale", "放大"),
    "task.unconditional": ("unconditional", "无条件生成"),
    "model": ("Model", "模型"),
    "verify": ("Verify files", "校验文件"),
    "verifying": ("Reading every file of {name} …", "正在读取 {name} 的全部文件……"),
    "verified": ("{name}: every file is as it was written.", "{name}：所有文件与写入时一致。"),
    "not_verified": (
        "{name} has no manifest, so there is nothing to compare its files with.",
        "{name} 没有清单文件，无法比对。",
    ),
    "delete": ("Delete …", "删除……"),
    "delete_ask": (
        "Delete {name} for good? That frees {size}. Pictures made with it stay.",
        "确定永久删除 {name}？将释放 {size}。用它生成的图片会保留。",
    ),
    "delete_source": (
        "Also delete the {size} that were fetched for it; only PyTorch devices still need them",
        "同时删除为它下载的 {size}（仅 PyTorch 设备需要）",
    ),
    "delete_source_kept": (
        "The {size} that were fetched for it stay, for they are also the source of {others}.",
        "为它下载的 {size} 会保留，因为它们也是 {others} 的来源。",
    ),
    "delete_yes": ("Delete {name}", "删除 {name}"),
    "delete_no": ("Keep it", "保留"),
    "deleted": ("{name} was deleted: {size} are free again.", "{name} 已删除，释放了 {size}。"),
    "delete_bundled": (
        "{name} comes with the program: only models you added can be deleted.",
        "{name} 是程序自带的模型：只能删除自行添加的模型。",
    ),
    "delete_used": (
        "{name} is needed by a job that is running or waiting: let it finish or cancel it first.",
        "{name} 正被运行中或排队中的任务使用：请等待其完成或先取消任务。",
    ),
    # The cache of compiled models
    "cache": ("Compiled models", "已编译的模型"),
    "cache_info": (
        "What was compiled for your devices is kept, so that the next start is quick. Clearing it is safe: "
        "the next picture compiles anew.",
        "为设备编译的结果会被保留，以便下次快速启动。清空是安全的：下一张图片会重新编译。",
    ),
    "cache_size": ("{size} of at most {limit}", "已用 {size}，上限 {limit}"),
    "cache_clear": ("Clear compiled models", "清空已编译的模型"),
    "cache_cleared": ("{size} are free again.", "已释放 {size}。"),
}
