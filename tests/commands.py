"""The commands as a user runs them, each in a process of its own, but without the seconds in which Python reads the libraries.

Processes are forked from a server that has imported other people's libraries and nothing of ours (``multiprocessing``'s forkserver), so what is
tested is as after ``python -m MODULE ...``: our modules are imported anew, with ``__main__``, arguments, exit code and all that is printed.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

LIBRARIES = [
    "gymnasium",
    "hydra",
    "jinja2",
    "matplotlib.pyplot",
    "open_clip",
    "peft",
    "pybullet",
    "rich.progress",
    "scipy.optimize",
    "sklearn.ensemble",
    "stable_baselines3",
    "transformers.models.llama.modeling_llama",
]
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(LIBRARIES)


def run(
    module: str, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """``python -m module arguments``, to its end.

    :param env: variables beside those of this process.
    :raises subprocess.TimeoutExpired: if it takes longer; it is killed.
    """
    command = [f"python -m {module}", *arguments]
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("stdout", "stderr")]
        variables = {**os.environ, **(env or {})}
        process = _PROCESSES.Process(target=_main, args=(module, arguments, cwd or Path.cwd(), variables, files))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, timeout)
        texts = [file.read_text(encoding="utf-8") if file.exists() else "" for file in files]
    return subprocess.CompletedProcess(command, process.exitcode, *texts)


def _main(module: str, arguments: tuple[str, ...], cwd: Path, env: dict[str, str], files: list[Path]) -> None:
    for descriptor, path in enumerate(files, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def survivors(script: Path, ready: str, workers: int) -> list[psutil.Process]:
    """The processes of a Python script that outlive it when it is killed.

    :param ready: the line that it prints once it has started as many ``workers``.
    """
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == f"{ready}\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    parent.kill()
    parent.wait()
    assert len(children) >= workers, children
    return psutil.wait_procs(children, timeout=10)[1]
