"""Dashboards as the JSON that Grafana 10 and newer reads. Rule: the same code, the same bytes."""

import json
from collections.abc import Iterator
from typing import Any, Final

from deploy.grafana.panels import Dashboard, Panel, Query

SCHEMA_VERSION: Final = 39
COLUMNS: Final = 24
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
TAG: Final = "mediation"

_GREEN, _YELLOW, _RED = "green", "yellow", "red"
_REDUCED: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def as_json(dashboard: Dashboard) -> str:
    """The file that Grafana reads."""
    return json.dumps(_dashboard(dashboard), indent=2, ensure_ascii=False) + "\n"


def _dashboard(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.says,
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [_data_source(), _runbooks()]},
        "annotations": {"list": [_firing()]},
        "links": [{"type": "dashboards", "title": "Mediation", "tags": [TAG], "asDropdown": False}],
        "panels": list(_placed(dashboard.panels)),
    }


def _data_source() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
    }


def _runbooks() -> dict[str, Any]:
    return {
        "name": "runbooks",
        "label": "Runbooks at",
        "type": "textbox",
        "query": "/docs/runbooks",
        "current": {"text": "/docs/runbooks", "value": "/docs/runbooks"},
    }


def _firing() -> dict[str, Any]:
    return {
        "name": "Pages",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": _RED,
        "expr": 'ALERTS{alertstate="firing",severity="page"}',
        "titleFormat": "{{alertname}}",
    }


def _placed(panels: tuple[Panel, ...]) -> Iterator[dict[str, Any]]:
    """From left to right; a row is as high as its highest panel."""
    x = y = row_height = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > COLUMNS:
            x, y, row_height = 0, y + row_height, 0
        place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        yield _panel(panel, number, place)
        x, row_height = x + panel.width, max(row_height, panel.height)


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [_target(panel, query, n) for n, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
        "links": _links(panel),
    }


def _target(panel: Panel, query: Query, number: int) -> dict[str, Any]:
    over_time = panel.kind == "timeseries"
    return {
        "refId": chr(ord("A") + number),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend,
        "range": over_time,
        "instant": not over_time,
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    coloured = panel.kind != "timeseries"
    custom: dict[str, Any] = {"stacking": {"mode": "normal" if panel.stacked else "none"}}
    custom |= {
        "fillOpacity": 30 if panel.stacked else 0,
        "thresholdsStyle": {"mode": _style(panel)},
    }
    return {
        "unit": panel.unit.value,
        "min": 0,
        "noValue": "none",
        "color": {"mode": "thresholds" if coloured else "palette-classic"},
        "thresholds": {"mode": "absolute", "steps": _steps(panel)},
        "custom": {} if coloured else custom,
    }


def _style(panel: Panel) -> str:
    return "off" if panel.bad is None else "line"


def _steps(panel: Panel) -> list[dict[str, Any]]:
    warn, bad = panel.warn, panel.bad
    colours: list[tuple[str, float | None]] = [(_GREEN, None)]
    if warn is not None and bad is not None and bad < warn:
        colours = [(_RED, None), (_YELLOW, bad), (_GREEN, warn)]
    else:
        worse = [(_YELLOW, warn), (_RED, bad)]
        colours += [(colour, value) for colour, value in worse if value is not None]
    return [{"color": colour, "value": value} for colour, value in colours]


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "timeseries":
        return {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    return {"reduceOptions": _REDUCED, "orientation": "auto"}


def _links(panel: Panel) -> list[dict[str, Any]]:
    if not panel.runbook:
        return []
    address = f"${{runbooks}}/{panel.runbook}.md"
    return [{"title": f"Runbook: {panel.runbook}", "url": address, "targetBlank": True}]
