"""Runs a policy pack for the language host, and ends with it: a pack by itself waits for ever."""

import os
import runpy
import sys
import threading
import time


def main() -> None:
    """Run the pack in the folder that the first argument names."""
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    runpy.run_path(sys.argv[1], run_name="__main__")


def end_with(host: int) -> None:
    """End this process once its parent is no longer the one that started it."""
    while os.getppid() == host:
        time.sleep(1.0)
    os._exit(0)


if __name__ == "__main__":
    main()
