"""A language model for several robots: ``python -m saycan.serve_llm llm=smollm2 port=8080``."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from rich.console import Console

from saycan.build import load_scorer
from sim.cli import InputError, command

INSTALL = "pip install fastapi uvicorn"


@command("serve_llm")
def main(config: Any) -> int:
    """Serve until stopped."""
    if config.llm.kind != "transformers":
        raise InputError(
            "what is served must be a model that runs here: llm=smollm2, or llm=transformers llm.model=..."
        )
    try:
        import uvicorn

        from saycan.language.server import make_app
    except ModuleNotFoundError as error:
        raise InputError(f"the server needs {error.name}, which is not installed: run `{INSTALL}`") from None
    with _bind(config.host, config.port) as listener:  # before the model is loaded: a taken port is told at once
        scorer = load_scorer(config.llm)
        if not getattr(scorer.tokenizer, "is_fast", False):
            raise InputError(
                f"the tokenizer of '{config.llm.model}' does not tell where its tokens are; use another model"
            )
        name = _name(str(config.llm.model))
        _announce(name, *listener.getsockname()[:2])
        uvicorn.Server(uvicorn.Config(make_app(scorer, name), log_level="warning")).run(sockets=[listener])
    return 0


def _bind(host: str, port: int) -> socket.socket:
    """A socket at that address; nobody can connect before the server listens."""
    if not 0 <= port <= 65535:
        raise InputError(f"port must be from 0 (any free one) to 65535, not {port}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, ValueError) as error:  # ValueError: of a name with an empty or a very long part
        why = error.strerror if isinstance(error, OSError) else "no name of a host is like that"
        raise InputError(f"there is no address '{host}' here ({why}); set host=127.0.0.1") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise InputError(
            f"{host}:{port} cannot be served at ({error.strerror}); choose another with port= or host="
        ) from None
    return listener


def _announce(name: str, host: str, port: int) -> None:
    """Say where a model is served."""
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
    told = f"Serving {name} at {address} (Ctrl-C stops it)"
    Console(soft_wrap=True).print(told, markup=False, highlight=False)  # [fd00::1] is no style


def _name(model: str) -> str:
    """What a model is called by clients: a folder or file by its own name, anything else as it is."""
    path = Path(model).expanduser()
    return path.resolve().name if path.exists() else model


if __name__ == "__main__":
    main()
