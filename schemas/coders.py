"""Compiles the coders: Python that is generated from a schema of ours, to read or write bodies.

Rule of the coders (`schemas.readers`, `schemas.writers`): where one gives an answer, fastavro, the
strict check and the field checks would give the same; wherever it has a doubt it gives None, and
they are asked. So a coder refuses nothing, and never says why
(docs/adr/0012-generated-coders.md).

No coder is made of a stranger's schema. `inspect.getsource` shows the text of one.
"""

import linecache
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any

Lines = list[str]
Schema = dict[str, Any]

_numbers = count(1)


class Text:
    """The text of a coder under way: what it looks things up in, the names of its variables."""

    def __init__(self, known: Mapping[str, object]) -> None:
        """Begin with what every coder of this kind uses."""
        self._namespace: dict[str, Any] = dict(known)
        self._variables = count(1)

    def variable(self) -> str:
        """A name that is not in use yet."""
        return f"v{next(self._variables)}"

    def table(self, content: object) -> str:
        """The name under which the coder finds this content."""
        name = f"table_{len(self._namespace)}"
        self._namespace[name] = content
        return name

    def compiled(self, name: str, lines: Lines) -> Callable[[Any], Any]:
        """Compile the function of this name that these lines define."""
        text = "\n".join(lines) + "\n"
        file = f"<coder {next(_numbers)}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self._namespace)  # noqa: S102 -- from our schemas alone
        function: Callable[[Any], Any] = self._namespace[name]
        return function


def kind_of(schema: Any) -> str:
    """The word for a type: `union`, or what Avro calls it; a logical type goes before it."""
    if isinstance(schema, list):
        return "union"
    if not isinstance(schema, dict):
        return str(schema)
    return str(schema.get("logicalType", schema["type"]))


def indented(lines: Iterable[str]) -> Lines:
    """Lines one block deeper."""
    return [f"    {line}" for line in lines]


def doubt_if(condition: str) -> Lines:
    """Give None on this condition."""
    return [f"if {condition}:", "    return None"]
