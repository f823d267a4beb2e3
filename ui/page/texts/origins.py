"""Texts of where a model to optimize comes from: a folder found here, the Hub, a single file."""

TEXTS = {
    "origin": ("Where the model comes from", "模型来源"),
    "origin.folder": ("Found on this computer", "本机已有的模型"),
    "origin.hub": ("From the Hugging Face Hub", "从 Hugging Face Hub 下载"),
    "origin.file": ("A single .safetensors file", "单个 .safetensors 文件"),
    "more": ("More options", "更多选项"),
    # The Hub
    "hub": ("Model on the Hub", "Hub 上的模型"),
    "hub_info": (
        "ORGANISATION/NAME, as on the model's page. Choose one to begin with, or write your own.",
        "组织名/模型名，与模型页面上的一致。可从列表中选择，也可自行填写。",
    ),
    "token": ("Token of your Hugging Face account", "Hugging Face 账户令牌"),
    "token_info": (
        "Only for models that ask for it. It is not stored: it is kept for this job alone and deleted when "
        "that ends. Left empty: token.txt beside launch.py, HF_TOKEN, or what `hf auth login` stored.",
        "仅在模型要求时填写。令牌不会被保存：只供本次任务使用，任务结束即删除。"
        "留空时依次使用 launch.py 旁的 token.txt、HF_TOKEN 或 `hf auth login` 保存的令牌。",
    ),
    "token_unencrypted": (
        "This page is not encrypted on its way to you: rather put the token into token.txt on the computer "
        "that runs Lapdraw.",
        "您与本页面之间的连接未加密：建议把令牌放入运行 Lapdraw 的电脑上的 token.txt。",
    ),
    "revision": ("Revision", "版本"),
    "revision_info": (
        "A branch, a tag or a commit; left empty: the newest.",
        "分支、标签或提交；留空表示最新版本。",
    ),
    "variant": ("Weights", "权重"),
    "variant.usual": ("the usual ones", "默认"),
    "variant.fp16": ("fp16, half the size", "fp16（大小减半）"),
    "no_hub": (
        "Write the id of a model first: ORGANISATION/NAME.",
        "请先填写模型的 ID：组织名/模型名。",
    ),
    # A single file
    "file": ("Checkpoint", "模型文件"),
    "file_info": (
        "Found in the folders of A1111, Forge and ComfyUI.",
        "在 A1111、Forge 和 ComfyUI 的文件夹中找到。",
    ),
    "file_none": (
        "None was found in the folders of A1111, Forge and ComfyUI; LAPDRAW_CHECKPOINTS names others.",
        "在 A1111、Forge 和 ComfyUI 的文件夹中没有找到；可用 LAPDRAW_CHECKPOINTS 指定其他文件夹。",
    ),
    "found_file": ("{name} ({kind}, {size})", "{name}（{kind}，{size}）"),
    "file_path": ("File on disk (optional)", "本机文件（可选）"),
    "file_path_info": (
        "A .safetensors file that is not in the list. When it is given, it is taken instead.",
        "不在列表中的 .safetensors 文件。填写后将优先使用它。",
    ),
    "no_file": ("Choose a checkpoint first.", "请先选择模型文件。"),
    # What goes with it
    "vae": ("VAE", "VAE"),
    "vae_own": ("the model's own", "模型自带"),
    "vae_path": ("VAE on disk (optional)", "本机 VAE（可选）"),
    "vae_path_info": (
        "A .safetensors file or a diffusers folder. When it is given, it is taken instead.",
        ".safetensors 文件或 diffusers 文件夹。填写后将优先使用它。",
    ),
    "no_vae": (
        "{name} has no VAE: choose one under More options.",
        "{name} 不含 VAE：请在“更多选项”中选择一个。",
    ),
    "prediction": ("What it predicts", "预测类型"),
    "prediction_info": (
        "Pictures of coloured noise mean that it was wrong.",
        "如果生成的图片是彩色噪点，说明选择有误。",
    ),
    "prediction.file": ("as the file says", "按文件所述"),
    "prediction.epsilon": ("epsilon", "epsilon"),
    "prediction.v_prediction": ("v_prediction", "v_prediction"),
    # What it will need
    "needs_hub": (
        "Nothing is asked of the Hub before you press the button. Size and free disk are checked first, then "
        "it is downloaded; what has come stays when you cancel, and the same start goes on with it.",
        "点击按钮之前不会联系 Hub。下载前会先检查大小和可用磁盘空间；取消后已下载的内容会保留，"
        "再次开始时继续下载。",
    ),
    "needs.what": ("What it is", "类型"),
    "needs.license": ("Licence", "许可证"),
    "needs.license_read": ("read it on the model's page", "请在模型页面上阅读"),
    "needs.download": ("Download, about", "下载大小（约）"),
    "needs.picture": ("Memory for a picture, about", "生成图片所需内存（约）"),
    "needs.converting": ("Memory to convert it, about", "转换所需内存（约）"),
    "needs.ready": ("ready-made, nothing is converted", "现成模型，无需转换"),
    "needs.converted": ("converted after the download", "下载后转换"),
    "needs.quick": ("few steps", "步数少"),
    "needs.int8": ("INT8", "INT8"),
    "needs.pytorch": (
        "If it is not ready-made OpenVINO, PyTorch and what it needs ({size}) are installed before it is "
        "converted, once, from the internet (PyPI).",
        "如果它不是现成的 OpenVINO 模型，转换前需联网安装一次 PyTorch 及相关软件包（{size}，来自 PyPI）。",
    ),
    "start_hub": ("Download and optimize", "下载并优化"),
    "cancelled_hub": (
        "Cancelled: what was downloaded is kept, and the same start goes on with it.",
        "已取消：已下载的内容会保留，再次开始时继续下载。",
    ),
    # What to do when it failed
    "remedy.accept": (
        "Accept the terms on the model's page, then type the token of that account above and start again:",
        "请在模型页面上接受条款，然后在上方填写该账户的令牌并重新开始：",
    ),
    "remedy.token": (
        "Make a new token, type it above, and start again:",
        "请创建新的令牌，在上方填写，然后重新开始：",
    ),
    "remedy.find": (
        "Look for the model on the Hub; of a private one, type a token above that may read it:",
        "请在 Hub 上查找该模型；若为私有模型，请在上方填写有权读取的令牌：",
    ),
    "remedy.again": (
        "What was downloaded is kept: press the button again to go on with it.",
        "已下载的内容会保留：再次点击按钮即可继续。",
    ),
    "remedy.mirror": (
        "Where the Hub is blocked: start Lapdraw with HF_ENDPOINT set to a mirror, or bring the files by "
        "hand as docs/models.md says.",
        "如果无法访问 Hub：请将 HF_ENDPOINT 设为镜像站后启动 Lapdraw，或按 docs/models.md 手动下载文件。",
    ),
}
