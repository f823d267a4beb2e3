"""Writes lock.txt: the versions that pip resolves together for every supported Python.

    python requirements/make_lock.py python3.10 python3.11 python3.12 python3.13

Each interpreter resolves the groups in a fresh environment of its own (environment markers are those of the
interpreter that runs pip, so one cannot answer for another); nothing is installed, but torch is downloaded.
Commit the result only after `python launch.py test` has passed with it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
GROUPS = ("runtime", "page", "optimize", "benchmark", "dev")
# Every build of torch names these exactly; another build, from --torch-index, names others.
PINNED_BY_TORCH = ("nvidia", "cuda", "triton")
HEADER = "# Versions that were tested together. Written by requirements/make_lock.py: do not edit.\n"


def resolve(interpreter: str) -> tuple[str, dict[str, str]]:
    """Return the interpreter's version ("3.10") and {package: version} for all groups together."""
    with tempfile.TemporaryDirectory() as folder:
        environment, report = Path(folder, "env"), Path(folder, "report.json")
        subprocess.run([interpreter, "-m", "venv", str(environment)], check=True)
        python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        files = [option for group in GROUPS for option in ("-r", str(HERE / f"{group}.txt"))]
        pip = [
            str(python),
            "-m",
            "pip",
            "install",
            "--dry-run",
            "--only-binary=:all:",
            "--report",
            str(report),
        ]
        subprocess.run([*pip, *files], check=True)
        document = json.loads(report.read_text(encoding="utf-8"))
    version = ".".join(document["environment"]["python_full_version"].split(".")[:2])
    packages = [entry["metadata"] for entry in document["install"]]
    return version, {
        package["name"].lower().replace("_", "-").replace(".", "-"): package["version"].split("+")[0]
        for package in packages
        if not package["name"].startswith(PINNED_BY_TORCH)
    }


def lock_text(resolutions: dict[str, dict[str, str]]) -> str:
    """One line for a package where all Pythons agree, else one for each run of Pythons, with its marker."""
    lines = []
    for name in sorted({name for packages in resolutions.values() for name in packages}):
        runs: list[tuple[str, str]] = []  # (the first Python of the run, the version)
        for python in sorted(resolutions, key=lambda text: int(text.split(".")[1])):
            version = resolutions[python].get(name)
            if version and (not runs or runs[-1][1] != version):
                runs.append((python, version))
        for position, (_, version) in enumerate(runs):
            bounds = []
            if position > 0:
                bounds.append(f'python_version >= "{runs[position][0]}"')
            if position < len(runs) - 1:
                bounds.append(f'python_version < "{runs[position + 1][0]}"')
            lines.append(f"{name}=={version}" + (f" ; {' and '.join(bounds)}" if bounds else ""))
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} INTERPRETER...   (one for every Python from 3.10 to 3.13)")
    (HERE / "lock.txt").write_text(lock_text(dict(resolve(name) for name in sys.argv[1:])), encoding="utf-8")
