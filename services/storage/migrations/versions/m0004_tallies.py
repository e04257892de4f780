"""The figures of the disputes, counted where they change; indexes for what else is looked at."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add, and count what is there; the statements stand in the SQL file of the number."""
    statements = Path(__file__).with_name("0004_tallies.sql").read_text()
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(statements)
