"""A real PostgreSQL on loopback with a cluster of its own; it is Debian's package `postgresql`."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import psycopg

SECRET = "sesame"  # noqa: S105 (of nobody's account; it must not be repeated anywhere)
# Where Debian keeps them: several versions may be there, none on the PATH.
INSTALLED = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Server:
    """A cluster, and the programs that serve it."""

    programs: Path
    data: Path
    port: int

    def url(self, database: str) -> str:
        """As SQLAlchemy has it."""
        return f"postgresql://covey:{SECRET}@127.0.0.1:{self.port}/{database}"

    def run(self, database: str, *statements: str) -> None:
        """Do what somebody with access to a database can."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def start(self) -> None:
        """Start it on its port."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        self.control("start", "-l", self.data / "log", "-o", options)

    def control(self, action: str, *arguments: str | Path) -> None:
        """Start the server, or stop it; neither is waited for longer than a minute."""
        _run(self.programs / "pg_ctl", action, "-D", self.data, "-w", "-t", "60", *arguments)


@contextlib.contextmanager
def postgresql() -> Generator[Server]:
    """Yield a server that stops as the block ends, with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="covey-postgresql-") as folder, socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        server = Server(_programs(), Path(folder) / "data", found.getsockname()[1])
        found.close()
        secret = Path(folder) / "secret"
        secret.write_text(SECRET)
        if os.geteuid() == 0:
            # It refuses to run as root.
            for place in (folder, secret):
                shutil.chown(place, "postgres")
        _run(
            server.programs / "initdb", "-D", server.data, "-U", "covey", "-A", "scram-sha-256", "--pwfile", secret,
            "-E", "UTF8", "--locale", "C.UTF-8",
        )  # fmt: skip
        server.start()
        try:
            yield server
        finally:
            server.control("stop", "-m", "immediate")


def _programs() -> Path:
    versions = sorted(INSTALLED.glob("*/bin/initdb"), key=lambda place: int(place.parts[-3]))
    if not versions:
        raise AssertionError("There is no PostgreSQL here: apt-get install postgresql.")
    return versions[-1].parent


def _run(program: Path, *arguments: str | Path) -> None:
    as_whom = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_whom, program, *arguments], capture_output=True, text=True, timeout=120, check=False, cwd="/"
    )
    if done.returncode:
        raise AssertionError(f"{program.name} fails: {done.stderr[-2000:]}")
