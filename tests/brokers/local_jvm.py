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
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def local_jvm_broker() -> Iterator[Broker]:
    """A broker on this machine, for as long as the context lasts."""
    java, classpath = _java(), _classpath()
    directory = Path(tempfile.mkdtemp(prefix="mediation-kafka-"))
    try:
        process, address = _started(java, classpath, directory)
        try:
            yield Broker(
                name="apache",
                description=f"Apache Kafka {_version()} local JVM at {address}",
                bootstrap_servers=address,
            )
        finally:
            _end(process)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


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


def _started(java: str, classpath: str, directory: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Format the storage, start the node, wait until it answers."""
    broker_port, controller_port = _two_free_ports()
    address = f"127.0.0.1:{broker_port}"
    configuration = directory / "server.properties"
    configuration.write_text(
        (_FILES / "server.properties").read_text()
        + f"listeners=PLAINTEXT://{address},CONTROLLER://127.0.0.1:{controller_port}\n"
        + f"advertised.listeners=PLAINTEXT://{address}\n"
        + f"controller.quorum.voters=1@127.0.0.1:{controller_port}\n"
        + f"log.dirs={directory / 'data'}\n"
    )
    logging = f"-Dlog4j2.configurationFile={_FILES / 'log4j2.properties'}"
    run = [java, *_SMALL_AND_QUICK, logging, "-cp", classpath]
    with (directory / "broker.log").open("ab") as log:
        storage = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID]
        storage += ["-c", str(configuration)]
        subprocess.run([*run, *storage], check=False, stdout=log, stderr=subprocess.STDOUT)
        process = subprocess.Popen(
            [*run, "kafka.Kafka", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt ends the tests first, then this
        )
    try:
        eventually(lambda: _answers(process, address), timeout=60, message="the broker answers")
    except AssertionError as error:
        _end(process)
        said = (directory / "broker.log").read_text(errors="replace")[-4000:]
        # Java and Maven are there, so this is a fault and no reason to go on without.
        raise RuntimeError(f"Apache Kafka did not start ({error}); its log:\n{said}") from error
    return process, address


def _answers(process: "subprocess.Popen[bytes]", address: str) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"the process ended with {process.returncode}")
    host, port = address.split(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            pass  # cheaper than a client that logs each refusal
        KafkaAdminClient(bootstrap_servers=address, request_timeout_ms=5000).close()
    except (OSError, KafkaError):
        return False
    return True


def _two_free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
