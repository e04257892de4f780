"""Which strangers' schemas are safe to decode with?"""

from typing import Any

import pytest

from schemas.flat import why_not_flat

ENUM = {"type": "enum", "name": "E", "symbols": ["A"]}
ITEM = {
    "type": "record",
    "name": "I",
    "fields": [{"name": "a", "type": "string"}, {"name": "b", "type": ENUM}],
}


def record(*types: Any) -> dict[str, Any]:
    fields = [{"name": f"f{at}", "type": kind} for at, kind in enumerate(types)]
    return {"type": "record", "name": "R", "fields": fields}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def many(fields: int) -> dict[str, Any]:
    return record(*["long"] * fields)


FLAT = {
    "primitives": record("boolean", "int", "long", "float", "double", "bytes", "string"),
    "a_logical_type": record({"type": "string", "logicalType": "uuid"}),
    "an_enum": record(ENUM),
    "nullables": record(["null", "string"], ["long", "null"], ["null", ENUM]),
    "a_last_array_of_primitives": record("string", array("long")),
    "a_last_array_of_nullables": record(array(["null", "long"])),
    "a_last_array_of_flat_records": record("string", array(ITEM)),
    "a_last_array_of_16_fields": record(array(many(16))),
    "many_fields": many(100),
}
NOT_FLAT = {
    "nothing": None,
    "a_primitive": "string",
    "a_union": [record("string")],
    "an_error": record("string") | {"type": "error"},
    "a_record_without_fields": record(),
    "fields_that_are_no_list": record("string") | {"fields": "string"},
    "a_field_that_is_none": record("string") | {"fields": ["a"]},
    "a_field_without_a_type": record("string") | {"fields": [{"name": "a"}]},
    "null": record("null"),
    "itself": record("R"),
    "itself_or_null": record(["null", "R"]),
    "itself_in_an_array": record(array("R")),
    "a_last_array_of_17_fields": record(array(many(17))),
    "a_reference": record(ENUM, "E"),
    "a_bare_enum": record("enum"),
    "a_record": record(ITEM),
    "a_map": record({"type": "map", "values": "string"}),
    "a_fixed": record({"type": "fixed", "name": "F", "size": 0}),
    "a_union_of_two": record(["string", "long"]),
    "a_union_of_three": record(["null", "string", "long"]),
    "a_union_of_null": record(["null"]),
    "a_nullable_array": record(["null", array("long")]),
    "an_array_before_the_end": record(array("long"), "string"),
    "an_array_of_nulls": record(array("null")),
    "an_array_of_nothing": record({"type": "array"}),
    "an_array_of_arrays": record(array(array("long"))),
    "an_array_of_empty_records": record(array(record())),
    "an_array_of_records_of_arrays": record(array(record(array("long")))),
    "an_array_of_records_of_records": record(array(record(ITEM))),
    "a_nested_type": record({"type": {"type": "string"}}),
    "a_number": record(3),
}


@pytest.mark.parametrize("schema", FLAT.values(), ids=FLAT)
def test_a_flat_record_is_safe(schema: Any) -> None:
    assert why_not_flat(schema) is None


@pytest.mark.parametrize("schema", NOT_FLAT.values(), ids=NOT_FLAT)
def test_anything_else_is_not(schema: Any) -> None:
    assert why_not_flat(schema)


def test_the_field_at_fault_is_named() -> None:
    assert "'f1'" in str(why_not_flat(record("string", ["null"], "string")))
    assert "'f0'" in str(why_not_flat(record("null")))
