"""librdkafka's in-process cluster, through the C interface of `rdkafka_mock.h`.

Rule: this file knows C, and nothing else. Its Python client can start the same cluster, but leaves
every consumer group waiting for three seconds before its first member gets a partition.
"""

import ctypes
from collections.abc import Mapping
from types import ModuleType
from typing import Self

_PRODUCER = 0  # rd_kafka_type_t
_ERROR_BYTES = 512
_JOIN_DELAY_MS = 300
_TOPIC_ALREADY_EXISTS = 36  # rd_kafka_resp_err_t

# name -> what it returns, what it takes
_FUNCTIONS: Mapping[str, tuple[object, list[object]]] = {
    "rd_kafka_conf_new": (ctypes.c_void_p, []),
    "rd_kafka_conf_set": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t],
    ),
    "rd_kafka_new": (
        ctypes.c_void_p,
        [ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t],
    ),
    "rd_kafka_destroy": (None, [ctypes.c_void_p]),
    "rd_kafka_mock_cluster_new": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]),
    "rd_kafka_mock_cluster_destroy": (None, [ctypes.c_void_p]),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [ctypes.c_void_p]),
    "rd_kafka_mock_topic_create": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int],
    ),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [ctypes.c_void_p, ctypes.c_int32]),
}


class MockCluster:
    """A cluster of one broker, from construction until `close`.

    Raises:
        OSError: librdkafka could not make it, or lacks a part of the interface.
    """

    def __init__(self, extension: ModuleType) -> None:
        """Start it; `extension` is the Python client's compiled module, linked to librdkafka."""
        self._library = _declared(ctypes.CDLL(extension.__file__))
        reason = ctypes.create_string_buffer(_ERROR_BYTES)
        configuration = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set(configuration, b"log_level", b"0", reason, _ERROR_BYTES)
        self._client = self._library.rd_kafka_new(_PRODUCER, configuration, reason, _ERROR_BYTES)
        if not self._client:
            raise OSError(reason.value.decode(errors="replace"))
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        if not self._cluster:
            self._library.rd_kafka_destroy(self._client)
            raise OSError("librdkafka could not make its in-process cluster")
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, _JOIN_DELAY_MS)

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address, `127.0.0.1:port`."""
        address: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return address.decode()

    def create_topic(self, name: str, partitions: int) -> None:
        """Make a topic; one that exists is left as it is.

        Raises:
            OSError: it could not be made.
        """
        error = self._library.rd_kafka_mock_topic_create(
            self._cluster, name.encode(), partitions, 1
        )
        if error not in (0, _TOPIC_ALREADY_EXISTS):
            raise OSError(f"librdkafka could not make the topic {name} (error {error})")

    def close(self) -> None:
        """End the broker; every client is cut off. Once only."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    """Tell ctypes the functions' types; a wrong guess would cut a pointer in half."""
    for name, (result, arguments) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError as error:
            raise OSError(f"this librdkafka has no {name}") from error
        function.restype, function.argtypes = result, arguments
    return library
