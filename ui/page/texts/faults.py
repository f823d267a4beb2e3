"""What other parts of the program say when something cannot be done: as they say it, and in Chinese.

The first of each pair is the sentence of the code that raises it, with what it fills in between braces.
"""

TEXTS = {
    # How a job ended (ui/jobs/failure.py)
    "memory_smaller": (
        "make a smaller picture, or close other programs",
        "请生成更小的图片，或关闭其他程序",
    ),
    "copy_report": (
        "copy the report and send it to whoever can help",
        "请复制报告并发给能提供帮助的人",
    ),
    "ended_by_system": (
        "the worker was ended by the system (SIGKILL), most likely for lack of memory: {remedy}",
        "工作进程被系统终止（SIGKILL），很可能是内存不足：{remedy}",
    ),
    "crashed": (
        "the worker crashed ({name}), a fault of a driver or a library: try another device, or {remedy}",
        "工作进程崩溃（{name}），这是驱动程序或程序库的错误：请换用其他设备，或{remedy}",
    ),
    "ended_by_itself": (
        "the worker ended by itself (status {status}): {remedy}",
        "工作进程自行结束（状态 {status}）：{remedy}",
    ),
    "no_memory": ("there was not enough memory: {remedy}", "内存不足：{remedy}"),
    "unexpected": (
        "the worker met an error that nobody expected ({kind}): {remedy}",
        "工作进程遇到意外错误（{kind}）：{remedy}",
    ),
    "program_unexpected": (
        "the program met an error that nobody expected: {remedy}",
        "程序遇到意外错误：{remedy}",
    ),
    "silent": (
        "the worker did not answer for {seconds} seconds and was replaced: "
        "try another device, or a smaller picture",
        "工作进程 {seconds} 秒没有响应，已被替换：请换用其他设备，或生成更小的图片",
    ),
    "twice": (
        "the job was interrupted twice and is given up; the last time {reason}",
        "任务两次中断，已放弃；最近一次：{reason}",
    ),
    "file_not_written": (
        "a file could not be written ({error}): free some space on the disk",
        "文件无法写入（{error}）：请释放磁盘空间",
    ),
    "picture_not_written": (
        "cannot write {path} ({error}): free some space, or make the folder writable",
        "无法写入 {path}（{error}）：请释放磁盘空间，或使该文件夹可写",
    ),
    "not_stored": (
        "the job cannot be stored ({error}): free some space on the disk and ask again",
        "任务无法保存（{error}）：请释放磁盘空间后重试",
    ),
    "ending": ("the program is ending: start it again", "程序正在结束：请重新启动"),
    # Less work a picture (runtime/)
    "no_reuse": (
        "{what} cannot reuse features ({fault}): use --speed exact for it",
        "{what}无法复用特征（{fault}）：请将速度设为“精确”",
    ),
    "reuse_pytorch": (
        "feature reuse is for OpenVINO devices, and this model runs on PyTorch: use --speed exact, "
        "or --reuse 1 beside the speed asked for",
        "特征复用只支持 OpenVINO 设备，而此模型在 PyTorch 上运行：请将速度设为“精确”，或把特征复用设为 1",
    ),
    "reuse_apart": (
        "feature reuse takes both halves of guidance on one device, and {half} has its own: "
        "leave it out of --device, or use --speed exact",
        "特征复用要求引导的两半在同一设备上运行，而 {half} 使用了单独的设备：请去掉该设置，"
        "或将速度设为“精确”",
    ),
    # Models, devices, memory (runtime/)
    "no_model": (
        "there is no model {name}: known are {known}; or give a folder",
        "没有模型 {name}：已有的模型是 {known}",
    ),
    "no_device": (
        "device {name} is not available here: choose one of {available}",
        "本机没有设备 {name}：请从 {available} 中选择",
    ),
    "too_big": (
        "{what} needs about {needed} GiB of memory and {free} GiB are free: {remedy}",
        "{what} 大约需要 {needed} GiB 内存，而可用内存为 {free} GiB：{remedy}",
    ),
    "try_size": ("try {size}, or close other programs", "请试试 {size}，或关闭其他程序"),
    "close_programs": ("close other programs", "请关闭其他程序"),
    "multiple": (
        "{name} must be a multiple of {factor} for this model, got {value}: try {below} or {above}",
        "该模型的 {name} 必须是 {factor} 的倍数，而不是 {value}：可以改为 {below} 或 {above}",
    ),
    # Notes of a picture
    "no_guidance": (
        "the negative prompt has no effect at guidance_scale {value}: use more than 1",
        "提示词引导系数为 {value} 时反向提示词不起作用：请使用大于 1 的值",
    ),
    "no_clip_skip": (
        "clip_skip {value} has no effect on this model: only those like SD 1.x read it",
        "Clip skip {value} 对该模型不起作用：只有 SD 1.x 一类模型使用它",
    ),
    "clip_skip_layers": (
        "clip_skip {value} skips every layer of {name}'s text encoder: use 1 to {layers}",
        "Clip skip {value} 会跳过 {name} 文本编码器的所有层：请使用 1 到 {layers}",
    ),
    # The safety checker (runtime/safety.py)
    "withheld": (
        "the picture of seed {seed} is withheld: the model's safety checker flags it (concept {found} over "
        "its threshold); try another seed or prompt (docs/safety.md)",
        "种子 {seed} 的图片已扣留：模型自带的安全检查器将其标记（超出阈值的概念：{found}）；"
        "请换用其他种子或提示词",
    ),
    "unchecked": (
        "the safety checker is off: abide to the conditions of the Stable Diffusion license and do not "
        "expose unfiltered results in services or applications open to the public",
        "安全检查器已关闭：请遵守 Stable Diffusion 许可条款，不要在面向公众的服务或应用中提供未经过滤的结果",
    ),
    "unusable_checker": (
        "its safety checker is in a form that is not used here: optimize the model from safetensors",
        "它的安全检查器格式无法在此使用：请用 safetensors 格式的模型重新优化",
    ),
    # Prompts (runtime/prompt_syntax.py, runtime/prompt_chunks.py)
    "prompt_and": (
        "the {name} joins prompts with AND, which is not supported: write a comma, or and in small letters",
        "提示词（{name}）用 AND 连接，不支持：请改用逗号，或小写的 and",
    ),
    "prompt_changes": (
        "the {name} changes from step to step at {part}, which is not supported: write what holds "
        r"throughout, or \[ and \] for brackets that are text",
        r"提示词（{name}）的 {part} 会随步数变化，不支持：请写始终不变的内容；若括号是文字，请写 \[ 和 \]",
    ),
    "prompt_weight": (
        "the {name} weighs {part} by {weight}: use a weight up to {most}, mostly from 0.5 to 1.5",
        "提示词（{name}）中 {part} 的权重为 {weight}：请使用不超过 {most} 的权重，通常为 0.5 到 1.5",
    ),
    "prompt_network": (
        "the {name} asks for {part}, and networks beside the model other than LoRAs are not supported: "
        "leave it out",
        "提示词（{name}）要求 {part}，除 LoRA 外不支持模型之外的网络：请去掉它",
    ),
    "prompt_network_place": (
        "the {name} asks for {part}, and LoRAs have effect in the prompt only: write it there",
        "提示词（{name}）要求 {part}，LoRA 只在正面提示词中起作用：请写到那里",
    ),
    # LoRAs and embeddings (runtime/adapters)
    "adapter_tag": (
        "{part} cannot be read: write <lora:name:0.8>",
        "无法识别 {part}：请写成 <lora:name:0.8>",
    ),
    "adapter_weight": (
        "{part} has the weight {weight}: use a number up to {most}, mostly 0 to 1",
        "{part} 的权重为 {weight}：请使用不超过 {most} 的数字，通常为 0 到 1",
    ),
    "adapter_missing": (
        "there is no LoRA {name} (there are {found}): put its file into {folder}, or give --lora FILE",
        "没有名为 {name} 的 LoRA（现有：{found}）：请把文件放入 {folder}，或使用 --lora FILE",
    ),
    "adapter_pickle": (
        "{path} is a pickle, a program that runs when it is read: take its .safetensors version; most "
        "publishers have one",
        "{path} 是 pickle，读取时会运行其中的程序：请使用 .safetensors 版本，多数发布者都有提供",
    ),
    "adapter_family": (
        "{path} is for {family} and this model is a {own}: choose a LoRA made for {wanted}",
        "{path} 适用于 {family}，而此模型是 {own}：请选择为 {wanted} 制作的 LoRA",
    ),
    "adapter_other_family": (
        "{path} is for {family}: choose one for Stable Diffusion 1.x, 2.x or SDXL",
        "{path} 适用于 {family}：请选择适用于 Stable Diffusion 1.x、2.x 或 SDXL 的文件",
    ),
    "adapter_method": (
        "{path} is {what}, which is not supported: take a LoRA (or LyCORIS LoCon) version of it",
        "{path} 是 {what}，不支持：请使用它的 LoRA（或 LyCORIS LoCon）版本",
    ),
    "adapter_two_encoders": (
        "{path} is for SDXL, which has two text encoders, and this model has {count}: choose a LoRA made "
        "for this model",
        "{path} 适用于有两个文本编码器的 SDXL，而此模型有 {count} 个：请选择为此模型制作的 LoRA",
    ),
    "adapter_shape": (
        "{path} does not fit this model ({what}): choose one made for it",
        "{path} 与此模型不符（{what}）：请选择为此模型制作的文件",
    ),
    "adapter_keys": (
        "{count} of {total} keys of {path} match no layer of {what}: choose a LoRA made for this model",
        "{path} 的 {total} 个键中有 {count} 个在 {what} 中没有对应的层：请选择为此模型制作的 LoRA",
    ),
    "adapter_damaged": (
        "{path} is damaged ({what}): fetch the file again",
        "{path} 已损坏（{what}）：请重新下载该文件",
    ),
    "adapter_no_lora": (
        "{path} is no LoRA (it holds {what}): choose a LoRA's .safetensors file",
        "{path} 不是 LoRA（其中有 {what}）：请选择 LoRA 的 .safetensors 文件",
    ),
    "adapter_no_embedding": (
        "{path} is no textual inversion (it holds {what}): choose an embedding's .safetensors file",
        "{path} 不是文本反演嵌入（其中有 {what}）：请选择嵌入的 .safetensors 文件",
    ),
    "adapter_width": (
        "the embedding {path} has vectors of width {has} and this model reads {wants}: choose one made for "
        "this model, or leave its name out",
        "嵌入 {path} 的向量宽度为 {has}，而此模型读取 {wants}：请选择为此模型制作的嵌入，或去掉它的名字",
    ),
    "prompt_too_long": (
        "the {name} has {count} tokens and at most {most} are read: shorten it",
        "提示词（{name}）有 {count} 个词元，最多读取 {most} 个：请缩短",
    ),
    # Making a model int8 (optimize/quantize.py)
    "int8_memory": (
        "making {model} {precision} needs about {needed} GB of memory and {free} GB are free: {remedy}",
        "将 {model} 量化为 {precision} 约需要 {needed} GB 内存，可用 {free} GB：{remedy}",
    ),
    "int8_memory_weights": (
        "close other programs, or choose --precision int8-weights or fp16",
        "请关闭其他程序，或选择仅权重的 INT8 或 FP16",
    ),
    "int8_memory_fp16": (
        "close other programs, or choose fp16",
        "请关闭其他程序，或选择 FP16",
    ),
    "int8_family": (
        "{model} is a {fault}, and {precision} is for models that make pictures from a prompt alone: use "
        "--precision fp16",
        "{model} 是 {fault}，而 {precision} 仅适用于由提示词生成图片的模型：请使用 FP16",
    ),
    "int8_already": (
        "{model} is stored in {precision}: give the model it was made from, in fp16 or fp32",
        "{model} 的权重为 {precision}：请使用它所来自的 FP16 或 FP32 模型",
    ),
    # Deleting models and what was fetched for them (ui/model_store.py, ui/fetched_sources.py)
    "in_use": (
        "{name} is needed by a job that is running or waiting: let it finish or cancel it first",
        "{name} 正被运行中或排队中的任务使用：请等待其完成或先取消任务",
    ),
    "being_fetched": (
        "{name} is being fetched by another process, or {path} cannot be written: wait for it, or check "
        "permissions",
        "{name} 正由另一个进程下载，或 {path} 无法写入：请等待其完成，或检查权限",
    ),
    "not_removed": (
        "cannot remove {path} ({error}): close what uses it",
        "无法删除 {path}（{error}）：请关闭正在使用它的程序",
    ),
    # Notes of a model (optimize/checkpoint.py, runtime/model_folder.py)
    "recognised": ("recognised as {kind}", "识别为 {kind}"),
    "configurations_of": ("with the configurations of {name}", "使用 {name} 的配置"),
    "vae_of": ("with the VAE of {name}", "使用 {name} 的 VAE"),
    "not_verified": (
        "no manifest.json: contents are not verified",
        "没有 manifest.json：内容未经校验",
    ),
}
