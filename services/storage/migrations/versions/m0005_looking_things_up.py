"""What the operations console looks up: indexes alone."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add; the statements stand in the SQL file of the same number."""
    statements = Path(__file__).with_name("0005_looking_things_up.sql").read_text()
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(statements)
