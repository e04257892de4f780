"""A schema registry that is reached over HTTP.

Rule of this file: only a registry that answers may be believed. Whatever else happens (no answer,
a failure, a wrong password, a page that is no registry's) is `RegistryUnavailableError`: it is
waited for, and no event is judged for it. Credentials are never printed.
"""

import json
from typing import Any

import httpx2

from schemas.errors import RegistryRefusedError, RegistryUnavailableError

_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_NOT_FOUND = 404
_REFUSALS = frozenset({409, 422})  # incompatible with an earlier version; not a valid schema


class HttpSchemaRegistry:
    """A registry that speaks Confluent's REST interface (also Apicurio, Karapace, Redpanda)."""

    def __init__(
        self, url: str, *, timeout: float = 5.0, auth: tuple[str, str] | None = None
    ) -> None:
        """Prepare for the registry at `url`; nothing is sent yet.

        Args:
            url: http or https; a user and a password in it are used as `auth`.
            timeout: seconds to wait for a connection, and for each part of an answer.
            auth: user and password.

        Raises:
            ValueError: `url` is not one of http or https with a host.
        """
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL:
            parsed = httpx2.URL("")
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError("the schema registry's URL must be like https://registry.example:8081")
        if parsed.userinfo and auth is None:
            auth = (parsed.username, parsed.password)
        self._url = parsed.copy_with(userinfo=b"")
        self._client = httpx2.Client(
            base_url=self._url, timeout=timeout, auth=auth, headers={"Accept": _MEDIA_TYPE}
        )

    def __repr__(self) -> str:
        """The registry's address, without credentials."""
        return f"HttpSchemaRegistry({str(self._url)!r})"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def schema(self, schema_id: int) -> dict[str, Any] | None:
        """See `SchemaRegistry.schema`. One that is no Avro record, or too deep, counts as none."""
        answer = self._answer("GET", f"/schemas/ids/{schema_id}")
        if answer is None or answer.get("schemaType", "AVRO") != "AVRO":
            return None
        try:
            schema = json.loads(answer["schema"])
        except RecursionError:
            return None  # nested too deep to be read, and so for ever: waiting would not help
        except (KeyError, TypeError, ValueError) as error:
            raise self._unavailable("answered with something else than a schema") from error
        return schema if isinstance(schema, dict) else None

    def register(self, subject: str, schema: dict[str, Any]) -> int:
        """See `SchemaRegistry.register`."""
        body = json.dumps({"schema": json.dumps(schema, ensure_ascii=False)})
        answer = self._answer("POST", f"/subjects/{subject}/versions", body)
        schema_id = None if answer is None else answer.get("id")
        if not isinstance(schema_id, int):
            raise self._unavailable("answered with something else than a schema id")
        return schema_id

    def _answer(self, method: str, path: str, body: str | None = None) -> dict[str, Any] | None:
        """Send a request; returns the answer's JSON object, or None for "not found"."""
        try:
            response = self._client.request(
                method, path, content=body, headers={"Content-Type": _MEDIA_TYPE} if body else None
            )
        except httpx2.HTTPError as error:
            raise self._unavailable(f"cannot be reached ({type(error).__name__})") from error
        if response.status_code == _NOT_FOUND:
            return None
        if response.status_code in _REFUSALS:
            raise RegistryRefusedError(f"{self!r} refused {path}: {response.text[:500]}")
        if not response.is_success:
            raise self._unavailable(f"answered {response.status_code} to {method} {path}")
        try:
            answer = response.json()
        except (ValueError, RecursionError) as error:
            raise self._unavailable("answered with something else than JSON") from error
        if not isinstance(answer, dict):
            raise self._unavailable("answered with something else than a JSON object")
        return answer

    def _unavailable(self, what: str) -> RegistryUnavailableError:
        return RegistryUnavailableError(
            f"The schema registry at {self._url} {what}; check its address and its credentials."
        )
