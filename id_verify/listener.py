"""Hears what a process of ours says, for the event loop that started it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from multiprocessing.connection import Connection
from typing import Any


def start_listening(line: Connection, heard: asyncio.Queue[Any], *, name: str) -> threading.Thread:
    """Put everything that comes along `line` into `heard`, and None when the other end is closed.

    What a pipe brings has the type of what the other end sends; who started it knows. The thread is
    named `name` and ends with the line; call it from within the event loop.
    """
    loop = asyncio.get_running_loop()

    def listen() -> None:
        while True:
            try:
                said = line.recv()
            except (EOFError, OSError):
                said = None
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is interested
                loop.call_soon_threadsafe(heard.put_nowait, said)
            if said is None:
                return

    thread = threading.Thread(target=listen, name=name, daemon=True)
    thread.start()
    return thread
