"""Texts of the tab that measures this computer."""

TEXTS = {
    "lead": (
        "How fast is this computer? The quick benchmark makes a few small pictures, one process each, and "
        "writes a report that you can keep or publish.",
        "这台电脑有多快？快速测试会生成几张小图（每张一个独立进程），并写出可保存或发布的报告。",
    ),
    "model_info": (
        "A text-to-image model of yours, or the bundled one. Its own size, 4 steps, 3 rounds.",
        "你自己的文生图模型或内置模型。使用模型自身尺寸、4 步、3 轮。",
    ),
    "model_none": ("No model makes pictures from text.", "没有可用的文生图模型。"),
    "peers": (
        "Compare with PyTorch, optimum-intel and openvino-genai",
        "与 PyTorch、optimum-intel 和 openvino-genai 对比",
    ),
    "peers_info": (
        "Takes longer. PyTorch runs when the model's source is still on this disk.",
        "耗时更长。仅当模型的来源仍在磁盘上时才会运行 PyTorch。",
    ),
    "peers_install": (
        "Takes longer, and first installs {size} from the internet (PyPI).",
        "耗时更长，并会先联网安装 {size}（PyPI）。",
    ),
    "takes": (
        "Takes about {time} on two cores. Leave the computer alone meanwhile: what else runs shows in the "
        "figures.",
        "在双核处理器上大约需要 {time}。期间请勿使用电脑：其他程序会影响结果。",
    ),
    "start": ("Run the quick benchmark", "运行快速测试"),
    "title": ("Benchmark {name}", "测试 {name}"),
    "done": ("The benchmark is done; its report is below.", "测试完成，报告见下方。"),
    "report": ("Report", "报告"),
    "report_info": ("Reports are written in English.", "报告以英文书写。"),
    "report_none": (
        "No benchmark was run yet. The first report will be shown here.",
        "尚未运行过测试。第一份报告将显示在这里。",
    ),
    "records": ("Earlier benchmarks", "以往的测试"),
    "record": ("{created}, {model}, {size}, {steps} steps", "{created}，{model}，{size}，{steps} 步"),
    "laptop": ("laptop class", "笔记本级（AVX2）"),
    "open": ("Open report", "打开报告"),
    "save": ("Save report as a file", "将报告保存为文件"),
    "more": (
        "More is on the command line: `python launch.py benchmark --help`, with full-size models of random "
        "weights, other devices, and comparisons of several machines.",
        "更多功能请使用命令行：`python launch.py benchmark --help`，"
        "包括随机权重的完整模型、其他设备以及多台机器的对比。",
    ),
}
