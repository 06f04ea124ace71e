"""Pictures of a route plan as SVG text: no script, no tiles, nothing from outside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from orderhub.common.v1 import geo_pb2 as geo_v1
    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1

# Okabe and Ito's colours, which people with colour-blindness tell apart, and three more.
COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#7A5195",
    "#8C564B",
    "#4D4D4D",
)
SIZE, MARGIN = 640, 24
METRES_PER_DEGREE = 111_195
ROW, LABEL, WIDTH = 26, 92, 860
HOUR_S = 3_600


def colour(k: int) -> str:
    """Return the colour of the k-th route."""
    return COLOURS[k % len(COLOURS)]


class _Frame:
    """Degrees to pixels: north is up, and a metre is as long in both directions."""

    def __init__(self, points: list[geo_v1.GeoPoint]) -> None:
        lats = [p.lat_e7 / 1e7 for p in points]
        lngs = [p.lng_e7 / 1e7 for p in points]
        self._top, self._left = max(lats), min(lngs)
        self._squeeze = math.cos(math.radians(sum(lats) / len(lats)))
        span = max(self._top - min(lats), (max(lngs) - self._left) * self._squeeze, 1e-6)
        self._scale = (SIZE - 2 * MARGIN) / span
        self.metres_per_pixel = METRES_PER_DEGREE / self._scale

    def at(self, point: geo_v1.GeoPoint) -> tuple[float, float]:
        x = MARGIN + (point.lng_e7 / 1e7 - self._left) * self._squeeze * self._scale
        y = MARGIN + (self._top - point.lat_e7 / 1e7) * self._scale
        return round(x, 1), round(y, 1)


def route_map(plan: routing_v1.RoutePlan) -> Markup:
    """Return a map of the plan's routes with a scale."""
    stops = [stop.location for route in plan.routes for stop in route.stops]
    frame = _Frame([plan.depot, *stops])
    parts = [
        f'<svg viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="Map of the routes">',
        f'<rect width="{SIZE}" height="{SIZE}" fill="#f7f5f0"/>',
    ]
    home = frame.at(plan.depot)
    for k, route in enumerate(plan.routes):
        path = [home, *(frame.at(stop.location) for stop in route.stops), home]
        line = " ".join(f"{x},{y}" for x, y in path)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour(k)}" stroke-width="1.8" '
            'stroke-linejoin="round" opacity="0.85"/>'
        )
    for k, route in enumerate(plan.routes):
        for number, stop in enumerate(route.stops, 1):
            x, y = frame.at(stop.location)
            title = f"{stop.stop_id}: {name_of(route)}, stop {number}, {clock(stop.start_s)}"
            parts.append(
                f'<circle cx="{x}" cy="{y}" r="3.2" fill="{colour(k)}" stroke="#fff" '
                f'stroke-width="0.8"><title>{escape(title)}</title></circle>'
            )
    x, y = home
    parts.append(
        f'<rect x="{x - 6}" y="{y - 6}" width="12" height="12" fill="#111" stroke="#fff" '
        'stroke-width="1.5"><title>depot</title></rect>'
    )
    parts += _scale_bar(frame)
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - every text in it is escaped above


def _scale_bar(frame: _Frame) -> list[str]:
    wanted_m = frame.metres_per_pixel * 140
    power = 10 ** math.floor(math.log10(wanted_m))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= wanted_m)
    pixels = length_m / frame.metres_per_pixel
    y = SIZE - 14
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    return [
        (
            f'<line x1="{MARGIN}" y1="{y}" x2="{MARGIN + pixels:.1f}" y2="{y}" stroke="#333" '
            'stroke-width="2"/>'
        ),
        f'<text x="{MARGIN}" y="{y - 5}" font-size="12" fill="#333">{text}</text>',
    ]


def gantt(plan: routing_v1.RoutePlan) -> Markup:
    """Return one row per vehicle: driving light, waiting hatched, service dark."""
    routes = list(plan.routes)
    first = min((r.start_s for r in routes), default=0) // HOUR_S * HOUR_S
    last = -(-max((r.end_s for r in routes), default=HOUR_S) // HOUR_S) * HOUR_S
    scale = (WIDTH - LABEL - 10) / max(last - first, 1)
    height = 24 + ROW * len(routes)

    def x(second: int) -> float:
        return round(LABEL + (second - first) * scale, 1)

    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Timetable">']
    parts.extend(
        f'<line x1="{x(second)}" y1="18" x2="{x(second)}" y2="{height}" stroke="#ddd"/>'
        f'<text x="{x(second)}" y="12" font-size="11" fill="#555" text-anchor="middle">'
        f"{clock(second)}</text>"
        for second in range(first, last + 1, HOUR_S)
    )
    for k, route in enumerate(routes):
        parts += _row(route, k, x)
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - every text in it is escaped above


def _row(route: routing_v1.PlannedRoute, k: int, x: Callable[[int], float]) -> list[str]:
    y = 22 + ROW * k
    parts = [
        f'<text x="4" y="{y + 14}" font-size="12" fill="#222">{escape(name_of(route))}</text>',
        _bar(x(route.start_s), x(route.end_s), y + 7, 6, colour(k), 0.45, "driving"),
    ]
    for stop in route.stops:
        if stop.start_s > stop.arrival_s:
            parts.append(_bar(x(stop.arrival_s), x(stop.start_s), y + 8, 4, "#bbb", 1, "waiting"))
        text = f"{stop.stop_id} {clock(stop.start_s)}"
        parts.append(_bar(x(stop.start_s), x(stop.departure_s), y + 2, 16, colour(k), 1, text))
    return parts


def _bar(
    begin: float, end: float, y: int, height: int, fill: str, opacity: float, title: str
) -> str:
    return (
        f'<rect x="{begin}" y="{y}" width="{max(end - begin, 0.6):.1f}" height="{height}" '
        f'fill="{fill}" opacity="{opacity}"><title>{escape(title)}</title></rect>'
    )


def name_of(route: routing_v1.PlannedRoute) -> str:
    """Return the vehicle's name for people."""
    return f"{route.vehicle_id} {route.vehicle_no}"


def clock(second: int) -> str:
    """Return seconds after midnight as hours and minutes."""
    return f"{second // HOUR_S:02d}:{second % HOUR_S // 60:02d}"
