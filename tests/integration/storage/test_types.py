"""Do both places that say what a column is say the same?"""

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from services.storage.tables import metadata
from services.storage.types import TYPES

DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # it has no types yet


def test_a_name_has_one_type_whichever_table_it_stands_in() -> None:
    columns = [column for table in metadata.tables.values() for column in table.c]
    said = {(column.name, column.type.compile(DIALECT).lower()) for column in columns}

    assert len(said) == len({name for name, _ in said})
    assert set(TYPES.items()) <= said
