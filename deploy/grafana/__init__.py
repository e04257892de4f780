"""The dashboards, as code; `python -m deploy.grafana` writes the JSON that Grafana reads."""

from deploy.grafana import money, pipeline, promise, refusals

DASHBOARDS = (promise.DASHBOARD, pipeline.DASHBOARD, money.DASHBOARD, refusals.DASHBOARD)
