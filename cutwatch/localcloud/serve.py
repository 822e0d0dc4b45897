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

from cutwatch.errors import CutwatchError
from cutwatch.localcloud.environment import HOST
from cutwatch.localcloud.guard import when_orphaned


def main() -> int:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m cutwatch.localcloud.serve", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the run's temporary folder")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--parent", type=int, required=True, help="end when this process is gone")
    args = parser.parse_args()
    leads = os.getpid() == os.getpgrp()
    try:
        listener = _listen(args.port)
        port = listener.getsockname()[1]
        os.environ["GATEWAY_PORT"] = str(port)  # before MiniStack is imported: it reads it then
        asyncio.run(_serve(listener, args.folder, port, args.parent))
    except CutwatchError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"the local cloud cannot listen on {HOST}:{args.port}: {error}\n")
        return 4
    finally:
        if os.getppid() != args.parent:  # nobody is left to tidy up
            shutil.rmtree(args.folder, ignore_errors=True)
        if leads:
            os.killpg(0, signal.SIGKILL)
    return 0


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


async def _serve(listener: socket.socket, folder: Path, port: int, parent: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    from cutwatch.localcloud.plugins import install, with_status

    plugins = install(folder / "applications", f"http://{HOST}:{port}", os.getpid())
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    when_orphaned(parent, lambda: _tell(loop, end))
    announced = asyncio.create_task(_announce(folder / "ready.json", port))
    try:
        await serve(with_status(app, plugins), config, shutdown_trigger=end.wait)
    finally:
        announced.cancel()
        plugins.data_plane.reset()


def _tell(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)


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
