"""A plugin's life: print the port first, answer on loopback, end with the engine that started it."""

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc


def serve(add: Callable[[grpc.Server], None]) -> None:
    """Serve until the process that started this one is gone.

    Parameters
    ----------
    add : callable
        Registers the servicer with the server.
    """
    # Read before anything is printed: an engine that is killed right after must not leave us behind.
    engine = os.getppid()
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=unlimited)
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # The engine interrupts a plugin and waits until it is gone; nothing here needs writing down first.
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    while os.getppid() == engine:
        server.wait_for_termination(timeout=1.0)
    os._exit(0)
