"""What is said of single files that cannot be converted: as the code says it, and in Chinese.

The first of each pair is the sentence of the code that raises it (runtime/checkpoint.py,
runtime/safetensors_header.py, ui/checkpoint_files.py), with what it fills in between braces.
"""

TEXTS = {
    "pickle": (
        "{path} is a pickle, a program that runs when it is read: take the model's .safetensors file "
        "instead; most publishers have one",
        "{path} 是 pickle 文件，读取时会运行程序：请改用该模型的 .safetensors 文件，大多数发布者都提供",
    ),
    "no_model_file": (
        "{path} is no model file: give a .safetensors file or a diffusers folder",
        "{path} 不是模型文件：请选择 .safetensors 文件或 diffusers 文件夹",
    ),
    "file_missing": (
        "{path} is missing: check the name, or fetch the model again",
        "{path} 不存在：请检查名称，或重新下载模型",
    ),
    "file_unreadable": (
        "{path} cannot be read ({error}): check its permissions",
        "{path} 无法读取（{error}）：请检查其权限",
    ),
    "file_damaged": (
        "{path} is damaged ({what}): fetch the model again",
        "{path} 已损坏（{what}）：请重新下载模型",
    ),
    "no_diffusion": (
        "{path} is no Stable Diffusion in the original layout (it holds {held}): give a checkpoint, or a "
        "diffusers folder",
        "{path} 不是原始格式的 Stable Diffusion 模型（其中有 {held}）：请选择模型文件，或 diffusers 文件夹",
    ),
    "lora": (
        "{path} is a LoRA, an addition to a model: give a whole model",
        "{path} 是 LoRA，只是模型的附加部分：请选择完整的模型",
    ),
    "controlnet": (
        "{path} is a ControlNet, an addition to a model: give a whole model",
        "{path} 是 ControlNet，只是模型的附加部分：请选择完整的模型",
    ),
    "other_file": ("{path} is {what}: give a whole model", "{path} 是 {what}：请选择完整的模型"),
    "relative": (
        "{path} is {what}: this cannot be converted from a single file yet",
        "{path} 是 {what}：目前无法由单个文件转换",
    ),
    "no_vae_in": (
        "{path} holds no VAE: give a VAE's .safetensors file or diffusers folder",
        "{path} 不含 VAE：请选择 VAE 的 .safetensors 文件或 diffusers 文件夹",
    ),
    "no_vae_there": (
        "there is no VAE {path}: choose a .safetensors file or a folder",
        "没有 VAE {path}：请选择 .safetensors 文件或文件夹",
    ),
    "stored_as": (
        "{path} stores {name} as {type}: take a version of it in {known}",
        "{path} 中的 {name} 以 {type} 存储：请使用 {known} 版本的模型",
    ),
    "found_gone": (
        "that file is not there any more: press Refresh and choose another one",
        "该文件已不存在：请点击“刷新”后另选一个",
    ),
}
