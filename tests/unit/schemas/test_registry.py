"""What does the HTTP registry do when the answer is none, or not the one hoped for?"""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from schemas.errors import RegistryRefusedError, RegistryUnavailableError
from schemas.http_registry import HttpSchemaRegistry
from tests.registries import RegistryInMemory, RegistryServer, serving

SCHEMA = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "long"}]}


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with serving(RegistryInMemory()) as running:
        yield running


@pytest.fixture
def client(server: RegistryServer) -> Iterator[HttpSchemaRegistry]:
    with closing(HttpSchemaRegistry(server.url)) as client:
        yield client


@pytest.mark.parametrize("status", [301, 400, 401, 403, 429, 500, 503])
def test_an_answer_that_is_no_answer_is_waited_for(
    status: int, server: RegistryServer, client: HttpSchemaRegistry
) -> None:
    server.answer = (status, "{}")

    with pytest.raises(RegistryUnavailableError, match=f"answered {status} to GET /schemas/ids/1"):
        client.schema(1)
    with pytest.raises(RegistryUnavailableError, match=f"answered {status} to POST"):
        client.register("subject", SCHEMA)


@pytest.mark.parametrize(
    "body",
    [
        *("<html>", "[]", "{}", '{"schema": 3}', '{"schema": "not json"}', '{"schema": null}'),
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_an_answer_that_is_no_registrys_is_waited_for(
    body: str, server: RegistryServer, client: HttpSchemaRegistry
) -> None:
    server.answer = (200, body)

    with pytest.raises(RegistryUnavailableError, match="something else than"):
        client.schema(1)


@pytest.mark.parametrize("body", ["<html>", "{}", '{"id": "7"}'])
def test_an_answer_without_an_id_is_waited_for(
    body: str, server: RegistryServer, client: HttpSchemaRegistry
) -> None:
    server.answer = (200, body)

    with pytest.raises(RegistryUnavailableError, match="something else than"):
        client.register("subject", SCHEMA)


def test_a_registry_that_knows_no_subjects_is_waited_for(
    server: RegistryServer, client: HttpSchemaRegistry
) -> None:
    server.answer = (404, "")

    with pytest.raises(RegistryUnavailableError, match="something else than a schema id"):
        client.register("subject", SCHEMA)


@pytest.mark.parametrize("status", [409, 422])
def test_a_schema_that_the_registry_refuses_is_not_sent_again(
    status: int, server: RegistryServer, client: HttpSchemaRegistry
) -> None:
    server.answer = (status, '{"message": "incompatible"}')

    with pytest.raises(RegistryRefusedError, match="incompatible"):
        client.register("subject", SCHEMA)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"schema": '"string"'}),
        json.dumps({"schema": "syntax = proto3", "schemaType": "PROTOBUF"}),
        pytest.param(json.dumps({"schema": "[" * 100_000}), id="deep"),
    ],
)
def test_a_schema_that_is_no_avro_record_counts_as_none(
    body: str, server: RegistryServer, client: HttpSchemaRegistry
) -> None:
    server.answer = (200, body)

    assert client.schema(1) is None


def test_a_registry_that_does_not_listen_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    with (
        closing(HttpSchemaRegistry(f"http://127.0.0.1:{port}")) as client,
        pytest.raises(RegistryUnavailableError, match="cannot be reached"),
    ):
        client.schema(1)


def test_a_registry_that_never_answers_is_unavailable() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        closing(
            HttpSchemaRegistry(f"http://127.0.0.1:{mute.getsockname()[1]}", timeout=0.1)
        ) as client,
        pytest.raises(RegistryUnavailableError, match="Timeout"),
    ):
        client.schema(1)


def test_a_schema_is_asked_for_and_registered_as_confluent_says(
    server: RegistryServer, client: HttpSchemaRegistry
) -> None:
    schema_id = client.register("order.disputed-value", SCHEMA)
    client.schema(schema_id)

    (register, sent), (schema, asked) = server.requests
    assert register == "POST /subjects/order.disputed-value/versions"
    assert schema == f"GET /schemas/ids/{schema_id}"
    media_type = "application/vnd.schemaregistry.v1+json"
    assert sent["Content-Type"] == sent["Accept"] == asked["Accept"] == media_type


def test_a_path_in_the_url_comes_before_the_registrys_own(server: RegistryServer) -> None:
    with closing(HttpSchemaRegistry(f"{server.url}/apis/ccompat/v7/")) as client:
        client.schema(1)

    assert server.requests[0][0] == "GET /apis/ccompat/v7/schemas/ids/1"


@pytest.mark.parametrize("in_url", [True, False])
def test_credentials_are_sent_and_never_printed(in_url: bool, server: RegistryServer) -> None:
    server.answer = (401, "{}")
    url = server.url.replace("http://", "http://svc:s3cret@") if in_url else server.url
    auth = None if in_url else ("svc", "s3cret")

    with (
        closing(HttpSchemaRegistry(url, auth=auth)) as client,
        pytest.raises(RegistryUnavailableError) as caught,
    ):
        client.schema(1)

    sent = server.requests[0][1]["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent) == b"svc:s3cret"
    assert "s3cret" not in f"{caught.value} {caught.value!r} {client!r}"
    assert server.url in f"{client!r}"


@pytest.mark.parametrize(
    "url", ["", "registry:8081", "ftp://registry", "http://", "http://svc:s3cret@host:port"]
)
def test_a_url_that_cannot_be_one_is_refused_without_being_printed(url: str) -> None:
    with pytest.raises(ValueError, match="must be like https://") as caught:
        HttpSchemaRegistry(url)

    assert "s3cret" not in str(caught.value)
