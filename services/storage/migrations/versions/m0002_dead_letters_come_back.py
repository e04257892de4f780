"""What people do about dead letters: replay, discard, restore; and who may use this database."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add; the statements stand in the SQL file of the same number."""
    statements = Path(__file__).with_name("0002_dead_letters_come_back.sql").read_text()
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(statements)
