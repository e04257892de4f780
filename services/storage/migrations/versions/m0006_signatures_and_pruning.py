"""The reasons of signatures, and the one way in which something old is forgotten."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add; the statements stand in the SQL file of the same number."""
    statements = Path(__file__).with_name("0006_signatures_and_pruning.sql").read_text()
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(statements)
