"""The two checks of a case against its disputes: made only where they could fail, and cheaper."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Four triggers for two; the statements stand in the SQL file of the same number."""
    statements = Path(__file__).with_name("0003_only_what_may_not_fit.sql").read_text()
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(statements)
