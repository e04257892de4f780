"""What the codec asks of a schema registry: what a schema id means, and which id a schema has.

Rule of this file: it loads no client, since most pipelines have no registry.
"""

from typing import Any, Protocol


class SchemaRegistry(Protocol):
    """What the codec asks of a registry."""

    def schema(self, schema_id: int) -> dict[str, Any] | None:
        """The record schema of this id, or None if the registry has none.

        Raises:
            RegistryUnavailableError: the registry cannot answer now.
        """

    def register(self, subject: str, schema: dict[str, Any]) -> int:
        """The id of this schema under this subject, registered if it was not yet.

        Raises:
            RegistryUnavailableError: the registry cannot answer now.
            RegistryRefusedError: the registry does not take the schema.
        """


def value_subject(topic: str) -> str:
    """The subject under which the schema of the values of `topic` is registered."""
    return f"{topic}-value"
