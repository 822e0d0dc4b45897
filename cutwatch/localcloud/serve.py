"""The server's process: MiniStack with our plug-ins on 127.0.0.1. Started by `LocalCloud`, in `.venv-localcloud`.

It leads a process group of its own. When it is told to end, or when the process that started it is gone, it ends the
whole group: itself, its Lambda workers and the analytics jobs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

from cutwatch.errors import CutwatchError, OperatorError
from cutwatch.localcloud.environment import HOST
from cutwatch.localcloud.guard import when_orphaned


def main() -> int:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m cutwatch.localcloud.serve", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the run's temporary folder")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--parent", type=int, required=True, help="end when this process is gone")
    args = parser.parse_args()
    try:
        listener = _listen(args.port)
    except OSError as error:
        sys.stderr.write(f"the local cloud cannot listen on {HOST}:{args.port}: {error}\n")
        return OperatorError.exit_code
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)  # before MiniStack is imported: it reads it then
    try:
        asyncio.run(_serve(listener, port, args))
    except CutwatchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


async def _serve(listener: socket.socket, port: int, args: argparse.Namespace) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    from cutwatch.localcloud.plugins import install, with_status

    plugins = install(args.folder / "applications", f"http://{HOST}:{port}", os.getpid())
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: _end(args))
    when_orphaned(args.parent, lambda: _end(args))
    announced = asyncio.create_task(_announce(args.folder / "ready.json", port))
    never = asyncio.Event()
    await serve(with_status(app, plugins), config, shutdown_trigger=never.wait)
    announced.cancel()


def _end(args: argparse.Namespace) -> NoReturn:
    """End the whole group at once.

    There is nothing to save, and an orderly way out would wait for every function as long as it runs.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if os.getppid() != args.parent:  # nobody is left to tidy up
        shutil.rmtree(args.folder, ignore_errors=True)
    if os.getpid() == os.getpgrp():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


async def _announce(ready: Path, port: int) -> None:
    """Write the port down once the server answers on it."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        part = ready.with_suffix(".part")
        part.write_text(json.dumps({"port": port}))
        part.rename(ready)
        return


if __name__ == "__main__":
    sys.exit(main())
