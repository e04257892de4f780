"""Reading header names that are not UTF-8, with their bytes untouched.

No broker checks the name of a header, and clients on librdkafka and Java can write any bytes there.
kafka-python 3.0.12 refuses the whole record, for ever: whoever may publish could stop a consumer.
So its function that reads a record is compiled again with one difference: such a name is kept, as
Python keeps undecodable names of files (`surrogateescape`).
"""

import inspect
import textwrap

from kafka.record import default_records

_THEIRS = 'buffer[pos: pos + h_key_len].decode("utf-8")'
_OURS = "header_name(buffer[pos: pos + h_key_len])"


class UndecodableName(str):
    """A header's name that is not UTF-8; encoding it gives the bytes that were read."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The bytes that were read, whatever `errors` says."""
        return super().encode(encoding, "surrogateescape")


def header_name(raw: bytes) -> str:
    """The name of a header, whatever its bytes are."""
    try:
        return bytes(raw).decode()
    except UnicodeDecodeError:
        return UndecodableName(bytes(raw).decode(errors="surrogateescape"))


def keep_undecodable_names() -> bool:
    """Make the library keep such names; False where its code is no longer the one known here."""
    batch = default_records.DefaultRecordBatch
    if getattr(batch, "keeps_undecodable_names", False):
        return True
    try:
        source = textwrap.dedent(inspect.getsource(batch._read_msg))
    except OSError:
        return False
    if source.count(_THEIRS) != 1:
        return False
    namespace = vars(default_records) | {"header_name": header_name}
    code = compile(source.replace(_THEIRS, _OURS), default_records.__name__, "exec")
    exec(code, namespace)  # noqa: S102 - the library's own code, with one call in another's place
    batch._read_msg = namespace["_read_msg"]
    batch.keeps_undecodable_names = True
    return True
