"""Apache Kafka as a child process: one KRaft node, from jars that Maven resolves.

Rule: free loopback ports, a directory of its own, ended by its own process id. Its log is shown
when it does not start.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.brokers.broker import Broker
from tests.brokers.unavailable import UnavailableError
from tests.eventually import eventually

_FILES = Path(__file__).parent.parent / "kafka"
_CLUSTER_ID = "bWVkaWF0aW9uLXRlc3RzIQ"  # any 16 bytes in base64
_OLDEST_JAVA = 17
_SMALL_AND_QUICK = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class LocalNode:
    """One KRaft node in `directory`. It keeps its address and its data when it is started again.

    With `proxy_port`, it also listens on `proxied_port`, and sends the clients that came there to
    `proxy_port`. `secured` configures it further: the listeners SECURED and EXPIRED, each under a
    port in `secured_ports`. Making one formats the storage.
    Raises UnavailableError where Java or Maven is missing.
    """

    def __init__(
        self, directory: Path, proxy_port: int = 0, secured: Mapping[str, str] | None = None
    ) -> None:
        logging = f"-Dlog4j2.configurationFile={_FILES / 'log4j2.properties'}"
        self._run = [_java(), *_SMALL_AND_QUICK, logging, "-cp", _classpath()]
        broker_port, controller_port, self.proxied_port, *rest = _free_ports(5)
        self.secured_ports = dict(zip(("SECURED", "EXPIRED"), rest, strict=True))
        self.address = f"127.0.0.1:{broker_port}"
        self.description = f"Apache Kafka {_version()} local JVM at {self.address}"
        self._log = directory / "broker.log"
        self._configuration = directory / "server.properties"
        listeners = {"PLAINTEXT": self.address, "CONTROLLER": f"127.0.0.1:{controller_port}"}
        advertised = {"PLAINTEXT": self.address}
        if proxy_port:
            listeners["PROXIED"] = f"127.0.0.1:{self.proxied_port}"
            advertised["PROXIED"] = f"127.0.0.1:{proxy_port}"
        for name, port in self.secured_ports.items() if secured else ():
            listeners[name] = f"127.0.0.1:{port}"
            advertised[name] = f"localhost:{port}"
        self._configuration.write_text(
            (_FILES / "server.properties").read_text()
            + f"listeners={_listed(listeners)}\n"
            + f"advertised.listeners={_listed(advertised)}\n"
            + f"controller.quorum.voters=1@127.0.0.1:{controller_port}\n"
            + f"log.dirs={directory / 'data'}\n"
            + "".join(f"{name}={value}\n" for name, value in (secured or {}).items())
        )
        self._process: subprocess.Popen[bytes] | None = None
        storage = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID]
        with self._log.open("ab") as log:
            command = [*self._run, *storage, "-c", str(self._configuration)]
            subprocess.run(command, check=False, stdout=log, stderr=subprocess.STDOUT)

    def start(self) -> None:
        """Start the node and wait until it answers."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [*self._run, "kafka.Kafka", str(self._configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # an interrupt ends the tests first, then this
            )
        self._process = process
        try:
            eventually(
                lambda: _is_up(process, self.address), timeout=60, message="the broker answers"
            )
        except AssertionError as error:
            self.stop()
            said = self._log.read_text(errors="replace")[-4000:]
            # Java and Maven are there, so this is a fault and no reason to go on without.
            raise RuntimeError(f"Apache Kafka did not start ({error}); its log:\n{said}") from error

    def stop(self) -> None:
        """End it as an operator would."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would, except that what it has written is kept."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def local_jvm_broker() -> Iterator[Broker]:
    """A broker on this machine, for as long as the context lasts."""
    directory = Path(tempfile.mkdtemp(prefix="mediation-kafka-"))
    try:
        node = LocalNode(directory)
        node.start()
        try:
            yield Broker(
                name="apache", description=node.description, bootstrap_servers=node.address
            )
        finally:
            node.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _listed(listeners: Mapping[str, str]) -> str:
    return ",".join(f"{name}://{address}" for name, address in listeners.items())


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _java() -> str:
    """The Java to use, if it is new enough."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        raise UnavailableError("no Java: install default-jre-headless")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        first_line = (said.splitlines() or ["nothing"])[0]
        raise UnavailableError(f"Java {_OLDEST_JAVA} or newer is needed, {java} says {first_line}")
    return java


def _classpath() -> str:
    """The jars of Apache Kafka and of what it needs, from Maven's local repository or fetched."""
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("no Maven: install maven")
    with tempfile.NamedTemporaryFile(mode="r", suffix=".classpath") as output:
        command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", str(_FILES / "pom.xml")]
        command += ["dependency:build-classpath", f"-Dmdep.outputFile={output.name}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UnavailableError(f"Maven could not resolve Apache Kafka: {done.stdout[-1500:]}")
        return Path(output.name).read_text().strip()


def _version() -> str:
    pom = ET.parse(_FILES / "pom.xml")  # noqa: S314 - our own file
    version = pom.find("{*}properties/{*}kafka.version")
    return "" if version is None else str(version.text)


def _is_up(process: "subprocess.Popen[bytes]", address: str) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"the process ended with {process.returncode}")
    return answers(address)


def answers(address: str) -> bool:
    """Whether a broker answers there."""
    host, port = address.split(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            pass  # cheaper than a client that logs each refusal
        KafkaAdminClient(bootstrap_servers=address, request_timeout_ms=5000).close()
    except (OSError, KafkaError):
        return False
    return True
