"""Judges a schema that is not ours: is it safe to decode strangers' bytes with it?

Rule of this file: only flat records are. A recursive schema crashes the decoder, an array whose
items take no bytes fills the memory from a few, and an ambiguous union cannot be checked by
writing again (docs/adr/0009-strict-decoding.md).
"""

from typing import Any

_PRIMITIVES = frozenset({"boolean", "int", "long", "float", "double", "bytes", "string"})
_NULLABLE = 2  # a union may have null and one other branch
_MOST_ITEM_FIELDS = 16  # a thousand items of more take too long to judge


def why_not_flat(schema: Any) -> str | None:
    """Say why a schema is no flat record, or None if it is one.

    Flat means: a record with at least one field; each is a primitive or an enum, or null and one
    of these; the last one may be an array of those, or of records of up to 16 such fields, without
    arrays. Types are written in place, never referred to by name.
    """
    if not _is_record(schema):
        return "it is not a record with fields"
    for field in schema["fields"][:-1]:
        if not _is_simple(field["type"]):
            return f"its field {field['name']!r} is neither simple nor nullable"
    last = schema["fields"][-1]
    if not (_is_simple(last["type"]) or _is_array(last["type"])):
        return f"its last field {last['name']!r} is neither simple nor a flat array"
    return None


def _is_record(schema: Any) -> bool:
    if not isinstance(schema, dict) or schema.get("type") != "record":
        return False
    fields = schema.get("fields")
    if not isinstance(fields, list) or not fields:
        return False
    return all(isinstance(field, dict) and {"name", "type"} <= field.keys() for field in fields)


def _is_simple(kind: Any) -> bool:
    if isinstance(kind, list):
        others = [branch for branch in kind if branch != "null"]
        return len(kind) == _NULLABLE and len(others) == 1 and _takes_bytes(others[0])
    return _takes_bytes(kind)


def _takes_bytes(kind: Any) -> bool:
    """Whether a type is a primitive or an enum: each of its values takes at least one byte."""
    name = kind.get("type") if isinstance(kind, dict) else kind
    return isinstance(name, str) and (
        name in _PRIMITIVES or (name == "enum" and isinstance(kind, dict))
    )


def _is_array(kind: Any) -> bool:
    if not isinstance(kind, dict) or kind.get("type") != "array":
        return False
    items: Any = kind.get("items")
    if _is_record(items):
        fields = items["fields"]
        return len(fields) <= _MOST_ITEM_FIELDS and all(_is_simple(each["type"]) for each in fields)
    return _is_simple(items)
