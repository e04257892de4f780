"""An embedded broker that answers some kinds of requests with an error, as often as it is told."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from confluent_kafka import cimpl

from consumers.mock_cluster import MockCluster

_MANY = 100_000


class Request(IntEnum):
    """Kinds of requests, by Kafka's numbers."""

    FETCH = 1
    OFFSET_COMMIT = 8
    JOIN_GROUP = 11


class Failure(IntEnum):
    """What a broker answers, by Kafka's numbers. Clients try again after each of these."""

    COORDINATOR_NOT_AVAILABLE = 15
    STORAGE_ERROR = 56


class RefusingBroker:
    """A cluster of one broker; `bootstrap_servers` and `create_topic` are those of the cluster."""

    def __init__(self, cluster: MockCluster) -> None:
        self._cluster = cluster
        self.bootstrap_servers = cluster.bootstrap_servers
        self.create_topic = cluster.create_topic

    def refuse(self, request: Request, failure: Failure) -> None:
        """Answer every request of this kind with an error, until `serve`."""
        errors = (ctypes.c_int * _MANY)(*[failure] * _MANY)
        push = self._function("rd_kafka_mock_push_request_errors_array")
        push(
            ctypes.c_void_p(self._cluster._cluster),
            ctypes.c_int16(request),
            ctypes.c_size_t(_MANY),
            errors,
        )

    def serve(self, request: Request) -> None:
        """Answer requests of this kind again."""
        clear = self._function("rd_kafka_mock_clear_request_errors")
        clear(ctypes.c_void_p(self._cluster._cluster), ctypes.c_int16(request))

    def _function(self, name: str) -> "ctypes._FuncPointer":
        function = getattr(self._cluster._library, name)
        function.restype = None
        return function  # type: ignore[no-any-return]


@contextmanager
def refusing_broker() -> Iterator[RefusingBroker]:
    """A broker that serves everything at first; it speaks `EmbeddedBroker.api_version`."""
    with MockCluster(cimpl) as cluster:
        yield RefusingBroker(cluster)
