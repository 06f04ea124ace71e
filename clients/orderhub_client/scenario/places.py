"""Where people live, roughly: built-up areas of the United Kingdom and middles of countries.

Degrees, WGS84, to a hundredth; populations in thousands after the 2011 census, rounded.
"""

from __future__ import annotations

from typing import NamedTuple


class Town(NamedTuple):
    """A built-up area."""

    name: str
    lat: float
    lng: float
    people_k: int


TOWNS = (
    Town("London", 51.51, -0.13, 9787),
    Town("Manchester", 53.48, -2.24, 2553),
    Town("Birmingham", 52.48, -1.90, 2441),
    Town("Leeds", 53.80, -1.55, 1778),
    Town("Glasgow", 55.86, -4.25, 1209),
    Town("Liverpool", 53.41, -2.98, 864),
    Town("Southampton", 50.91, -1.40, 855),
    Town("Newcastle", 54.98, -1.61, 775),
    Town("Nottingham", 52.95, -1.15, 730),
    Town("Sheffield", 53.38, -1.47, 685),
    Town("Bristol", 51.45, -2.59, 617),
    Town("Belfast", 54.60, -5.93, 595),
    Town("Leicester", 52.64, -1.13, 509),
    Town("Edinburgh", 55.95, -3.19, 482),
    Town("Brighton", 50.83, -0.14, 475),
    Town("Bournemouth", 50.72, -1.88, 466),
    Town("Cardiff", 51.48, -3.18, 447),
    Town("Middlesbrough", 54.57, -1.23, 377),
    Town("Stoke-on-Trent", 53.00, -2.18, 372),
    Town("Coventry", 52.41, -1.51, 360),
    Town("Reading", 51.45, -0.98, 318),
    Town("Hull", 53.74, -0.33, 314),
    Town("Swansea", 51.62, -3.94, 300),
    Town("Plymouth", 50.37, -4.14, 260),
    Town("Norwich", 52.63, 1.30, 213),
    Town("Aberdeen", 57.15, -2.09, 207),
)

COUNTRIES = {  # as the file writes them
    "Australia": (-25.27, 133.78),
    "Austria": (47.52, 14.55),
    "Bahrain": (26.07, 50.55),
    "Belgium": (50.50, 4.47),
    "Brazil": (-14.24, -51.93),
    "Canada": (56.13, -106.35),
    "Channel Islands": (49.37, -2.36),
    "Cyprus": (35.13, 33.43),
    "Czech Republic": (49.82, 15.47),
    "Denmark": (56.26, 9.50),
    "EIRE": (53.41, -8.24),
    "Finland": (61.92, 25.75),
    "France": (46.23, 2.21),
    "Germany": (51.17, 10.45),
    "Greece": (39.07, 21.82),
    "Hong Kong": (22.40, 114.11),
    "Iceland": (64.96, -19.02),
    "Israel": (31.05, 34.85),
    "Italy": (41.87, 12.57),
    "Japan": (36.20, 138.25),
    "Korea": (35.91, 127.77),
    "Lebanon": (33.85, 35.86),
    "Lithuania": (55.17, 23.88),
    "Malta": (35.94, 14.38),
    "Netherlands": (52.13, 5.29),
    "Nigeria": (9.08, 8.68),
    "Norway": (60.47, 8.47),
    "Poland": (51.92, 19.15),
    "Portugal": (39.40, -8.22),
    "RSA": (-30.56, 22.94),
    "Saudi Arabia": (23.89, 45.08),
    "Singapore": (1.35, 103.82),
    "Spain": (40.46, -3.75),
    "Sweden": (60.13, 18.64),
    "Switzerland": (46.82, 8.23),
    "Thailand": (15.87, 100.99),
    "USA": (37.09, -95.71),
    "United Arab Emirates": (23.42, 53.85),
    "West Indies": (17.70, -64.80),
}
