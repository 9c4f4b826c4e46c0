"""A sheet written by hand: two models, two methods, one of which the second model does not have, and a struck word."""

from __future__ import annotations

from records import RECORD, record

from bcos_core.attribution.strike import StrikeResult
from bcos_core.render.drawing import Style
from bcos_core.render.palette import PALETTES
from bcos_core.render.scale import Scale
from bcos_core.render.sheet import Panel, Sheet, SheetRow

PALETTE = PALETTES["violet-yellow"]
WHY = "Only for B-cos models."
SCALE = Scale(3.5, "One scale for all.")  # "bad" scores −1.75: half of full colour
CHANGE = StrikeResult(predicted_change=1.75, actual_change=1.5, logit=1.8, probabilities=(0.1, 0.9), struck=2)
OTHER = record(model="folder-2", method="occlusion", additive=False)
SHEET = Sheet(
    models=("My B-cos model", "Its twin"),
    rows=(
        SheetRow("B-cos contributions", (Panel(record(model="folder-1"), SCALE, CHANGE), WHY)),
        SheetRow(
            "Occlusion", (Panel(record(method="occlusion", additive=False), SCALE, CHANGE), Panel(OTHER, SCALE, CHANGE))
        ),
    ),
    style=Style(PALETTE),
    struck=((4, 7),),
    notes=("These heatmaps answer different questions.",),
)
SUPPORTS, AGAINST = (PALETTE.shade(strength, "light").background for strength in (0.5 / 3.5, -0.5))
assert RECORD.text[4:7] == "bad"
