"""What watches the pipeline where it runs: rules for Prometheus, dashboards for Grafana."""
