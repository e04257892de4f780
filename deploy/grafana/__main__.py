"""Writes deploy/grafana/dashboards anew."""

from pathlib import Path

from deploy.grafana import DASHBOARDS
from deploy.grafana.model import as_json

FOLDER = Path(__file__).parent / "dashboards"

if __name__ == "__main__":
    for dashboard in DASHBOARDS:
        (FOLDER / f"{dashboard.uid}.json").write_text(as_json(dashboard), encoding="utf-8")
