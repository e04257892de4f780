"""The first tables: cases, disputes, settlements, timeline, parked, dead letters, outbox."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything; the statements stand in the SQL file of the same number."""
    statements = Path(__file__).with_name("0001_first_tables.sql").read_text()
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(statements)
