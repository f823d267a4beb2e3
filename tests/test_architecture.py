"""The shape of the code: who may import what, how long a file may be, what the loop must not know."""

import ast
import fnmatch
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("bootstrap", "runtime", "optimize", "ui", "benchmarks", "demo", "tests", "requirements")
LONGEST_FILE = 300

# What a folder may use of ours: launch -> ui, benchmarks, optimize -> runtime; nothing back or sideways.
OURS = {
    "launch": {"bootstrap"},
    "bootstrap": {"bootstrap", "ui"},
    "ui": {"ui", "runtime"},
    # It makes the environment of requirements/ipex.txt; and the renderer knows whether a picture is right.
    "benchmarks": {"benchmarks", "runtime", "bootstrap", "demo"},
    "optimize": {"optimize", "runtime"},
    "demo": {"demo", "optimize", "runtime"},
    "runtime": {"runtime"},
}
# The table of commands names every command's module.
COMMAND_TABLE = {"ui/cli.py": {"ui", "runtime", "benchmarks"}}
PICTURES = {"numpy", "PIL"}
TORCH = {"torch", "torchvision", "diffusers", "transformers", "accelerate", "safetensors"}
OPENVINO = {"openvino", "openvino_tokenizers"}
# What a file may use of others; the first row that fits its path counts.
LIBRARIES = (
    ("launch.py", set()),
    ("bootstrap/*", set()),
    ("requirements/*", set()),
    ("runtime/backends/openvino*.py", PICTURES | {"openvino"}),
    ("runtime/backends/pytorch*.py", PICTURES | TORCH | {"intel_extension_for_pytorch"}),
    ("runtime/*", PICTURES | {"tokenizers", "psutil"}),
    ("ui/page/*", PICTURES | {"gradio"}),
    ("ui/web/*", {"gradio", "jinja2", "starlette", "fastapi", "uvicorn", "psutil"}),
    ("ui/*", PICTURES | {"psutil"}),
    ("optimize/hub/*", {"httpx", "huggingface_hub"}),
    ("optimize/*", PICTURES | TORCH | OPENVINO | {"optimum", "nncf", "huggingface_hub", "tokenizers"}),
    ("demo/*", PICTURES | TORCH | {"tokenizers"}),
    (
        "benchmarks/drivers/*",
        PICTURES | TORCH | OPENVINO | {"optimum", "openvino_genai", "intel_extension_for_pytorch"},
    ),
    ("benchmarks/parts/*", PICTURES | {"pytest", "pytest_benchmark"}),
    ("benchmarks/skeleton.py", PICTURES | TORCH),
    ("benchmarks/teaching.py", PICTURES | TORCH),
    ("benchmarks/work.py", PICTURES | {"openvino"}),
    ("benchmarks/*", PICTURES | {"psutil"}),
)
# Words that would show that the loop branches on the task, the family of the model, or the device.
LOOP_MUST_NOT_KNOW = {
    *("task", "image", "img2img", "inpaint", "outpaint", "mask", "masked", "depth", "upscale", "upscaler"),
    *("unconditional", "variation", "prompt", "family", "sdxl", "lcm", "device", "backend", "openvino"),
    *("torch", "pytorch", "cuda", "cpu", "gpu", "igpu", "npu"),
}


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported module: its dotted name, its line, and whether importing the file imports it too."""

    module: str
    line: int
    is_immediate: bool


def _sources() -> list[str]:
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in [*paths, ROOT / "launch.py"])


SOURCES = _sources()
PROGRAM = [path for path in SOURCES if not path.startswith("tests/")]


@cache
def _tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), path)


def _imports(tree: ast.Module) -> Iterator[Import]:
    """Every import, at whatever depth; in a file that imports by name, the strings that name modules too."""
    deferred: set[int] = set()
    imports_by_name = False
    for node in ast.walk(tree):
        is_type_check = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if is_type_check or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            deferred.update(id(inner) for inner in ast.walk(node))
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            imports_by_name = imports_by_name or name in ("import_module", "__import__", "run_module")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import; name the module in full"
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif imports_by_name and isinstance(node, ast.Constant) and _names_a_module(node.value):
            modules = [str(node.value)]
        else:
            continue
        for module in modules:
            yield Import(module=module, line=node.lineno, is_immediate=id(node) not in deferred)


def _names_a_module(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\w+(\.\w+)*", value):
        return False
    return value in TORCH | OPENVINO or (ROOT / (value.replace(".", "/") + ".py")).exists()


def _faults_of(tree: ast.Module, path: str) -> list[str]:
    """What `path`, holding `tree`, imports against the rules."""
    folder = path.removesuffix(".py").split("/")[0]
    libraries = next(allowed for pattern, allowed in LIBRARIES if fnmatch.fnmatch(path, pattern))
    faults = []
    for found in _imports(tree):
        top = found.module.split(".")[0]
        if top in OURS or top == "tests":
            is_allowed = top in COMMAND_TABLE.get(path, OURS[folder])
        else:
            is_allowed = top in sys.stdlib_module_names or top in libraries
        if not is_allowed:
            faults.append(f"{path}:{found.line} imports {found.module}")
    return faults


def test_imports_point_one_way_and_libraries_stay_in_their_place() -> None:
    assert [fault for path in PROGRAM for fault in _faults_of(_tree(path), path)] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("runtime/pipeline.py", "from ui.cli import main"),
        ("runtime/pipeline.py", "def f():\n    import optimize.export"),
        ("runtime/pipeline.py", "def f():\n    from scipy import integrate"),
        ("runtime/pipeline.py", "import openvino"),
        ("runtime/backends/openvino.py", "if True:\n    import torch"),
        ("runtime/backends/pytorch.py", "import openvino"),
        ("runtime/__init__.py", "from importlib import import_module\nimport_module('ui.cli')"),
        ("runtime/__init__.py", "import importlib\nimportlib.import_module('torch')"),
        ("ui/generate_command.py", "import benchmarks.run"),
        ("ui/cli.py", "import openvino"),
        ("ui/jobs/engine.py", "import gradio"),
        ("ui/page/form.py", "import starlette"),
        ("ui/web/guard.py", "import numpy"),
        ("optimize/export.py", "import ui.progress"),
        ("bootstrap/setup.py", "import numpy"),
        ("launch.py", "from runtime import open_pipeline"),
    ],
)
def test_a_forbidden_import_is_found(path: str, source: str) -> None:
    assert len(_faults_of(ast.parse(source), path)) == 1


def test_the_pytorch_backend_is_imported_only_where_it_is_used() -> None:
    others = [path for path in PROGRAM if not path.startswith("runtime/backends/pytorch")]
    immediate = [
        (path, found.module) for path in others for found in _imports(_tree(path)) if found.is_immediate
    ]
    assert not [(path, module) for path, module in immediate if module.startswith("runtime.backends.pytorch")]


def test_importing_everything_on_the_openvino_path_loads_no_heavy_library() -> None:
    """That is all of the command line, the jobs and their worker; the page and its server are apart."""
    modules = [
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in PROGRAM
        if path.startswith(("bootstrap/", "runtime/", "ui/"))
        and not path.startswith(("ui/page/", "ui/web/"))
        and "pytorch" not in path
    ]
    server = ["gradio", "fastapi", "starlette", "uvicorn"]
    heavy = [*sorted(TORCH), *server, "optimum", "scipy", "pandas", "nncf", "huggingface_hub"]
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(sorted(set({heavy!r}) & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "[]"


def test_a_file_can_be_read_in_one_sitting() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_handler_swallows_every_error() -> None:
    swallowing = [
        f"{path}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ExceptHandler)
        and _catches_everything(node)
        and not isinstance(node.body[-1], ast.Raise)
    ]
    assert swallowing == []


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in ("Exception", "BaseException") for kind in caught)


def test_the_bootstrap_can_be_read_by_pythons_that_do_not_fit() -> None:
    """So that Python 3.8 can say which Python is needed."""
    for path in ["launch.py", *(path for path in SOURCES if path.startswith("bootstrap/"))]:
        ast.parse((ROOT / path).read_text(encoding="utf-8"), path, feature_version=(3, 8))


def test_runtime_names_exactly_what_it_offers() -> None:
    import runtime

    assert sorted(runtime.__all__) == sorted(vars(runtime)["_MODULES"])
    for name in runtime.__all__:
        assert getattr(runtime, name).__name__ == name
    checked = {
        alias.name
        for node in ast.walk(_tree("runtime/__init__.py"))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("runtime.")
        for alias in node.names
    }
    assert checked == set(runtime.__all__)


def test_the_loop_knows_no_task_no_family_and_no_device() -> None:
    tree = ast.parse((ROOT / "runtime/denoise.py").read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    code = ast.unparse(tree).lower()
    words = {part for word in re.findall(r"[a-z_0-9]+", code) for part in [word, *word.split("_")]}
    assert words & LOOP_MUST_NOT_KNOW == set()


def test_every_task_calls_the_loop_and_has_none_of_its_own() -> None:
    """`denoise` is called in one place, which every recipe goes through; no recipe asks the UNet itself."""
    callers = [path for path in PROGRAM if "denoise" in _called(_tree(path)) and path != "runtime/denoise.py"]
    assert [path for path in callers if path.startswith("runtime/") and "recipes" not in path] == [
        "runtime/studio.py"
    ]
    recipes = [
        path for path in PROGRAM if path.startswith("runtime/recipes/") and not path.endswith("__init__.py")
    ]
    assert len(recipes) >= 6
    for path in recipes:
        called = _called(_tree(path))
        assert called & {"denoise", "repaint"}, f"{path} goes round the loop"
        assert not called & {"unet", "step", "scale_model_input"}, f"{path} has a loop of its own"


def _called(tree: ast.Module) -> set[str]:
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {call.attr if isinstance(call, ast.Attribute) else ast.unparse(call) for call in calls}
