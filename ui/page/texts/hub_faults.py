"""What is said of models that are fetched, or cannot be: as the code says it, and in Chinese.

The first of each pair is the sentence of the code that raises it (optimize/hub, ui/jobs/token.py), with what
it fills in between braces.
"""

_WAYS = "--token-file FILE, a token.txt beside launch.py, HF_TOKEN, or `hf auth login`"
_WAYS_ZH = "在本页填写，或使用 launch.py 旁的 token.txt、HF_TOKEN、`hf auth login`"
_MANUAL = "docs/models.md says which files to bring by hand"
_MANUAL_ZH = "docs/models.md 说明了可手动下载哪些文件"

TEXTS = {
    # Access
    "gated": (
        "{repository} is gated: visit {page}, accept its terms, and give a token of that account "
        f"({_WAYS})",
        f"{{repository}} 需要授权：请访问 {{page}} 接受其条款，然后提供该账户的令牌（{_WAYS_ZH}）",
    ),
    "gated_refused": (
        "{repository} is gated, and the account of the token from {origin} has no access: visit {page}, "
        "accept its terms, wait until access is granted, and check that the token may read gated "
        "repositories",
        "{repository} 需要授权，而来自 {origin} 的令牌所属账户无权访问：请访问 {page} 接受其条款，"
        "等待批准，并确认该令牌可读取受限仓库",
    ),
    "token_refused": (
        "the Hub does not take the token from {origin} ({said}): make a new one at "
        "https://huggingface.co/settings/tokens, or go on without it",
        "Hub 不接受来自 {origin} 的令牌（{said}）：请在 https://huggingface.co/settings/tokens "
        "创建新令牌，或不使用令牌",
    ),
    "token_unreadable": (
        "what was typed as the token is none: copy it whole from the Hub, nothing else",
        "填写的内容不是令牌：请从 Hub 完整复制令牌，不要包含其他内容",
    ),
    "token_none": (
        "{origin} holds no token of the Hub: put the token alone on its first line",
        "{origin} 中没有 Hub 令牌：请只在第一行写入令牌",
    ),
    "token_forgotten": (
        "the token that was typed is kept while the program runs and no longer, and it ended: type it again "
        "and start again, which goes on with what was fetched",
        "填写的令牌只在程序运行期间保留，而程序已结束：请重新填写令牌并重新开始，将从已下载的内容继续",
    ),
    "no_repository": (
        "there is no {repository} on the Hub, or it is private ({page}), and no folder of that name here: "
        f"check the spelling, or give a token that may read it ({_WAYS})",
        "Hub 上没有 {repository}，或它是私有的（{page}），本机也没有同名文件夹：请检查拼写，"
        f"或提供有权读取的令牌（{_WAYS_ZH}）",
    ),
    "no_repository_for_token": (
        "there is no {repository} on the Hub, or the account of the token from {origin} may not see it "
        "({page}), and no folder of that name here: check the spelling",
        "Hub 上没有 {repository}，或来自 {origin} 的令牌所属账户无权查看（{page}），"
        "本机也没有同名文件夹：请检查拼写",
    ),
    "no_revision": (
        "{repository} has no such revision: {page} lists its branches and tags (--revision)",
        "{repository} 没有该版本：{page} 列出了它的分支和标签",
    ),
    "not_given": (
        "the Hub does not give {repository} ({said}): {page} says why",
        "Hub 不提供 {repository}（{said}）：原因见 {page}",
    ),
    "other_status": (
        "the Hub answers {status} for {repository} ({said}): open {page} in a browser, or set HF_ENDPOINT to "
        "a mirror",
        "Hub 对 {repository} 返回 {status}（{said}）：请在浏览器中打开 {page}，或将 HF_ENDPOINT 设为镜像站",
    ),
    "file_gone": (
        "{repository} lists a file that is not there any more: run the same command again",
        "{repository} 列出的文件已不存在：请重新开始",
    ),
    # The way there
    "not_reached": (
        "{host} cannot be reached ({said}): check the network and the proxy, set HF_ENDPOINT to a mirror of "
        f"the Hub, or bring the files by hand ({_MANUAL})",
        "无法连接 {host}（{said}）：请检查网络和代理，将 HF_ENDPOINT 设为 Hub 的镜像站，"
        f"或手动下载文件（{_MANUAL_ZH}）",
    ),
    "offline": (
        f"HF_HUB_OFFLINE is set, so {{repository}} is not fetched: unset it, or give a folder; {_MANUAL}",
        f"已设置 HF_HUB_OFFLINE，因此不下载 {{repository}}：请取消该设置，或选择文件夹；{_MANUAL_ZH}",
    ),
    "no_listing": (
        "{host} answers with something that is not the Hub's listing of {repository}: a proxy or a login "
        "page may be in between; open {page} in a browser, or set HF_ENDPOINT to a mirror",
        "{host} 的回答不是 Hub 的 {repository} 文件列表：可能经过了代理或登录页面；请在浏览器中打开 {page}，"
        "或将 HF_ENDPOINT 设为镜像站",
    ),
    "other_host": (
        "{host} redirects to another host, {other}: if you trust it, set HF_ENDPOINT={address}",
        "{host} 重定向到另一主机 {other}：如果信任它，请设置 HF_ENDPOINT={address}",
    ),
    "told_to_wait": (
        "{what}: {reason}, and asks to wait {seconds} s: run the same command again then, it goes on where "
        "it stopped",
        "{what}：{reason}，并要求等待 {seconds} 秒：请届时重新开始，将从中断处继续",
    ),
    "gave_up": (
        "{what}: {reason}, {count} times in a row: {remedy}",
        "{what}：{reason}，连续 {count} 次：{remedy}",
    ),
    "reason_many": ("answers 429, too many requests", "返回 429，请求过多"),
    "reason_status": ("answers {status}, a fault of its own", "返回 {status}，对方出错"),
    "reason_part": ("answers 416, no such part of the file", "返回 416，没有文件的这一部分"),
    "reason_early": ("the answer ended too early", "回答提前结束"),
    "reason_other_part": ("the answer is of another part of the file", "回答的是文件的另一部分"),
    "reason_at": ("{reason} at {done} of {all} bytes", "{reason}（{done} / {all} 字节）"),
    "reason_broke": ("the connection broke ({said})", "连接中断（{said}）"),
    "remedy_later": (
        "run the same command again later, it goes on where it stopped",
        "请稍后重新开始，将从中断处继续",
    ),
    "remedy_connection": (
        "check the connection and run the same command again, it goes on where it stopped",
        "请检查网络连接后重新开始，将从中断处继续",
    ),
    # What came, and where it is put
    "not_enough_disk_converting": (
        "{repository} needs {size} GB of downloads, and {converting} GB to convert it, and {free} GB are "
        "free in {folder}: make room, or give another place (--data-dir)",
        "{repository} 需要下载 {size} GB，转换另需 {converting} GB，而 {folder} 可用 {free} GB：请清理空间，"
        "或用 --data-dir 指定其他位置",
    ),
    "not_enough_disk": (
        "{repository} needs {size} GB of downloads, and {free} GB are free in {folder}: make room, or give "
        "another place (--data-dir)",
        "{repository} 需要下载 {size} GB，而 {folder} 可用 {free} GB：请清理空间，"
        "或用 --data-dir 指定其他位置",
    ),
    "disk_full": (
        "the disk of {folder} is full ({free} MB free): make room and run the same command again, it goes on "
        "where it stopped",
        "{folder} 所在磁盘已满（可用 {free} MB）：请清理空间后重新开始，将从中断处继续",
    ),
    "exists": ("{path} exists already: {remedy}", "{path} 已存在：{remedy}"),
    "being_fetched": (
        "{repository} is being fetched by another process: wait for it, or end it",
        "{repository} 正由另一进程下载：请等待其完成，或将其结束",
    ),
    "other_bytes": (
        "{file} of {repository} has other bytes than the Hub lists ({what}): it was deleted; try again, or "
        "another HF_ENDPOINT",
        "{repository} 的 {file} 与 Hub 列出的内容不符（{what}）：已删除；请重试，或更换 HF_ENDPOINT",
    ),
    "other_small_bytes": (
        "{file} of {repository} has other bytes than the Hub lists ({count}, listed {listed}): try again, or "
        "another HF_ENDPOINT",
        "{repository} 的 {file} 与 Hub 列出的内容不符（{count}，应为 {listed}）：请重试，或更换 HF_ENDPOINT",
    ),
    "other_size": (
        "{file} of {repository} has {count} bytes or more, the Hub lists {listed}: it was deleted; try "
        "again, or another HF_ENDPOINT",
        "{repository} 的 {file} 有 {count} 字节或更多，Hub 列出的是 {listed}：已删除；请重试，"
        "或更换 HF_ENDPOINT",
    ),
    "no_index": (
        "{repository} has no model_index.json (it holds {held}): choose a repository that holds a diffusers "
        "or OpenVINO pipeline",
        "{repository} 没有 model_index.json（其中有 {held}）：请选择包含 diffusers 或 OpenVINO 模型的仓库",
    ),
    "no_index_but_file": (
        "{repository} has no model_index.json (it holds {held}): download {file} from its page and give that "
        "file",
        "{repository} 没有 model_index.json（其中有 {held}）：请从其页面下载 {file}，然后选择该文件",
    ),
    "hub_pickle": (
        "{repository} has {component} only as {file}, a pickle, which can run any code when it is read: "
        "choose a repository or a --revision with .safetensors",
        "{repository} 的 {component} 只有 {file}，它是 pickle 文件，读取时可运行任意代码："
        "请选择含 .safetensors 的仓库或版本",
    ),
    "no_variant": (
        "{repository} has no weights of the variant {variant}: leave --variant out",
        "{repository} 没有 {variant} 权重：请选择默认权重",
    ),
    "not_convertible": (
        "{repository} is a {kind}, which cannot be converted: what can is {known}",
        "{repository} 是 {kind}，无法转换；可以转换的是 {known}",
    ),
    "not_hub_id": (
        "{text} is no id of the Hugging Face Hub: write ORGANISATION/NAME",
        "{text} 不是 Hugging Face Hub 的模型 ID：请写成 组织名/模型名",
    ),
    "not_revision": (
        "{text} cannot be a revision: give a branch, a tag or a commit of the repository",
        "{text} 不能作为版本：请填写仓库的分支、标签或提交",
    ),
    # What a download says while it goes on
    "asking": ("asking {endpoint} for {repository}", "向 {endpoint} 查询 {repository}"),
    "looking": ("looking at what is here of {repository}", "查看本机已有的 {repository}"),
    "fetching": (
        "fetching {what}: {done} of {all} MB, {speed} MB/s, {seconds} s left",
        "下载 {what}：{done} / {all} MB，{speed} MB/s，剩余 {seconds} 秒",
    ),
    "fetching_first": ("fetching {what}: {done} of {all} MB", "下载 {what}：{done} / {all} MB"),
}
