"""The ordinary deviations of a year, by family and as the trade writes them. `{n}` is a made-up number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that goes wrong now and then; `low` to `high` is the span of its number.

    `only` is how the number of a batch begins where it can happen: B for drug substance, F for fill.
    """

    title: str
    description: str
    low: float
    high: float
    decimals: int = 0
    only: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """Kinds of one family: its share of all in per cent, the minor and the major ones, what was concluded."""

    name: str
    share: int
    minor: Sequence[Kind]
    major: Sequence[Kind]
    conclusion: str


FAMILIES: Final = (
    Family(
        "documentation",
        24,
        (
            Kind(
                "Two entries on page {n} not second-checked at the time",
                "Two entries on page {n} of the record were second-checked only at the end of the shift.",
                8,
                60,
            ),
            Kind(
                "Entry on page {n} corrected without a date",
                "A correction on page {n} is crossed out and initialled; the date is missing.",
                8,
                60,
            ),
            Kind(
                "Label reconciliation of the buffer bags differs by {n}",
                "{n} labels more were printed than used or destroyed; found and destroyed under witness.",
                1,
                3,
            ),
            Kind(
                "Superseded form used for the line clearance, {n} entries",
                "The form of the line clearance was one revision behind; {n} entries were transferred.",
                3,
                12,
            ),
        ),
        (
            Kind(
                "In-process weight on page {n} entered from memory",
                "The weight on page {n} was entered 2 h later from memory; the balance printout agrees.",
                8,
                60,
            ),
            Kind(
                "Step on page {n} signed before it was done",
                "The step on page {n} carries a signature 25 min before the time of the equipment log.",
                8,
                60,
            ),
            Kind(
                "Page {n} of the batch record missing at review",
                "Page {n} could not be found at the review and was reconstructed from the data historian.",
                8,
                60,
            ),
        ),
        "Cause: the form asks for it on the next page. Layout changed; impact on the product excluded.",
    ),
    Family(
        "equipment",
        21,
        (
            Kind(
                "Balance BAL-118 used {n} day past its calibration due date",
                "Balance BAL-118 was used {n} day after its due date. Calibrated then, as found in limits.",
                1,
                2,
            ),
            Kind(
                "UF/DF feed pressure above 2.5 bar for {n} min",
                "The feed pressure of the UF/DF skid stood above 2.5 bar for {n} min after a valve change.",
                2,
                6,
                only="B",
            ),
            Kind(
                "Freezer FZ-09 at -61 °C for {n} min, limit -65",
                "FZ-09 warmed to -61 °C for {n} min at a defrost; the product stayed below -68 °C.",
                18,
                55,
            ),
            Kind(
                "Peristaltic pump P-41 replaced during transfer, {n} min stop",
                "The head of pump P-41 slipped; the transfer stood for {n} min until it was replaced.",
                6,
                25,
                only="B",
            ),
        ),
        (
            Kind(
                "Column pack HETP {n} cm, limit 0.040",
                "The pack test before the run gave an HETP of {n} cm; limit 0.040. Packed again, passed.",
                0.041,
                0.046,
                3,
                only="B",
            ),
            Kind(
                "Chromatography skid stopped for {n} min during elution",
                "A loss of control air stopped the skid for {n} min while product was on the column.",
                8,
                40,
                only="B",
            ),
        ),
        "Cause: wear, found by the supplier's engineer. Part changed and its maintenance interval shortened.",
    ),
    Family(
        "process parameter",
        17,
        (
            Kind(
                "Buffer B-07 conductivity {n} mS/cm, range 17.0-19.0",
                "Conductivity of buffer B-07 before use was {n} mS/cm; adjusted, then within its range.",
                16.4,
                16.9,
                1,
                only="B",
            ),
            Kind(
                "Feed 4 added {n} min after its time point",
                "Feed 4 was started {n} min late because the feed bag was still being connected.",
                35,
                95,
                only="B",
            ),
            Kind(
                "pH of the eluate pool {n}, range 3.5-3.7",
                "The pool was titrated to pH {n} and brought back into its range within 4 min.",
                3.42,
                3.48,
                2,
                only="B",
            ),
        ),
        (
            Kind(
                "Low-pH hold of {n} min, range 60-90",
                "The low-pH hold lasted {n} min because the neutralisation buffer was not at hand.",
                92,
                108,
                only="B",
            ),
            Kind(
                "DO below PAR for {n} min after a sparger blockage",
                "DO fell below 20 % air saturation for {n} min; oxygen went over to the second sparger.",
                3,
                11,
                only="B",
            ),
        ),
        "Cause: the instruction gives no order of the two steps. Changed; impact shown to be none.",
    ),
    Family(
        "EM and utilities",
        14,
        (
            Kind(
                "WFI point 22: {n} CFU/100 mL, action limit 10",
                "Point 22 showed {n} CFU/100 mL; point sanitised, two following samples without growth.",
                11,
                16,
            ),
            Kind(
                "Grade C settle plate {n} CFU, alert limit 50",
                "One settle plate of the buffer room read {n} CFU; people flow on that day was high.",
                51,
                70,
            ),
            Kind(
                "Room pressure cascade below 10 Pa for {n} s",
                "The cascade to the corridor fell below 10 Pa for {n} s at a double door opening.",
                12,
                45,
            ),
        ),
        (
            Kind(
                "Clean steam non-condensable gases {n} %, limit 3.5",
                "The weekly test gave {n} %; loads since the last passed test were listed and assessed.",
                3.7,
                4.4,
                1,
            ),
        ),
        "Cause: utility outside its trend, reason known. Corrected; four weeks without recurrence.",
    ),
    Family(
        "materials",
        11,
        (
            Kind(
                "Media bag with {n} pinholes found before use",
                "{n} pinholes at the weld; the bag was replaced before it was connected.",
                1,
                3,
                only="B",
            ),
            Kind(
                "Tubing set expired {n} days before use",
                "A tubing set was {n} days past its date; the supplier proves sterility for a further year.",
                1,
                9,
            ),
        ),
        (
            Kind(
                "Resin storage solution {n} % ethanol, range 18-22",
                "The storage solution of the resin was {n} %; bioburden of the column sample below 1 CFU/mL.",
                16.2,
                17.6,
                1,
                only="B",
            ),
        ),
        "Cause: incoming check did not cover this point. Check added; supplier informed.",
    ),
    Family(
        "laboratory",
        9,
        (
            Kind(
                "Bioburden sample of protein A cycle 2 taken {n} min after the time point",
                "The sample was taken {n} min late; result 0 CFU/10 mL.",
                25,
                70,
                only="B",
            ),
            Kind(
                "HPLC system suitability failed once, tailing {n}",
                "The first injection gave a tailing of {n}; column changed, sequence repeated as planned.",
                2.1,
                2.6,
                1,
            ),
        ),
        (
            Kind(
                "Sample of the drug substance thawed twice, {n} h at 2-8 °C",
                "The retain was thawed a second time and stood {n} h at 2-8 °C; a new one was used.",
                6,
                20,
                only="B",
            ),
        ),
        "Cause: the sample list did not show the second time point. List changed; results stand.",
    ),
    Family(
        "other",
        4,
        (
            Kind(
                "Gowning record of {n} visitors incomplete",
                "{n} visitors to the corridor had not signed the record; no product area was entered.",
                1,
                4,
            ),
        ),
        (
            Kind(
                "Pest monitoring: trap {n} in the warehouse with a finding",
                "Trap {n} had a finding; no open material in the zone, traps doubled for a month.",
                3,
                28,
            ),
        ),
        "Cause found and removed; no material or product was touched.",
    ),
)
