"""A 2,000 L fed-batch bioreactor: 14 days, temperature shift on day 5, values inside the normal ranges."""

from typing import Final

import numpy as np

from batches.plant import valve_fault
from batches.plant.culture import DAY_S, HOUR_S, course, temperature_share
from batches.plant.noise import Floats
from batches.plant.signal import MINUTE_S, Signal, Signals, Vessel, steady

WARM_C: Final = 36.5
COOL_C: Final = 34.0
TITRE_FROM_S: Final = 7 * DAY_S


def set_point(vessel: Vessel, at_s: Floats) -> Floats:
    """Give the temperature set point in degC: 36.5, from day 5 in four hours to 34.0, unless it is held."""
    if vessel.hold is not None:
        return vessel.hold.set_point(at_s)
    return WARM_C + (COOL_C - WARM_C) * temperature_share(at_s)


def temperature(vessel: Vessel, at_s: Floats) -> Floats:
    """Give the vessel temperature in degC."""
    noise = vessel.noise("TEMP", at_s, fast=0.008, slow=0.014, period_s=9 * MINUTE_S)
    if vessel.story is None:
        return set_point(vessel, at_s) + noise
    story_s = vessel.story.seconds(at_s)
    fault = np.where(valve_fault.running(story_s), valve_fault.above_set_point(story_s), 0.0)
    return set_point(vessel, at_s) + fault + valve_fault.quiet(noise, story_s)


def oxygen(vessel: Vessel, at_s: Floats) -> Floats:
    """Give dissolved oxygen in % air saturation; its ripple grows with the oxygen that the cells take up."""
    load = course(vessel.seed).at("vcd", at_s) / 21
    noise = vessel.noise("DO", at_s, fast=0.25, slow=0.9, period_s=7 * MINUTE_S)
    sparge = np.sin(2 * np.pi * at_s / (11 * MINUTE_S))
    return 40 + noise * (0.6 + 0.4 * load) + 1.6 * load * sparge


def acidity(vessel: Vessel, at_s: Floats) -> Floats:
    """Give pH: it drifts down on lactic acid and carbon dioxide until the base pump answers."""
    noise = vessel.noise("PH", at_s, fast=0.0025, slow=0.006, period_s=13 * MINUTE_S)
    dead_band = np.mod(at_s, 95 * MINUTE_S) / (95 * MINUTE_S)
    return 7.0 + 0.018 - 0.036 * dead_band**1.5 + noise


def valve(vessel: Vessel, at_s: Floats) -> Floats:
    """Give the output to the jacket valve in %: more cells, more heat to take away."""
    heat = course(vessel.seed).at("vcd", at_s) / 21
    calm = 12.5 + 2.5 * heat + vessel.noise("VALVE", at_s, fast=0.3, slow=0.7, period_s=6 * MINUTE_S)
    return calm if vessel.story is None else valve_fault.valve_output(calm, vessel.story.seconds(at_s))


def jacket(vessel: Vessel, at_s: Floats) -> Floats:
    """Give the temperature at the jacket outlet in degC."""
    calm = (
        set_point(vessel, at_s)
        - 0.5
        + vessel.noise("JACKET", at_s, fast=0.03, slow=0.15, period_s=6 * MINUTE_S)
    )
    return calm if vessel.story is None else valve_fault.jacket_outlet(calm, vessel.story.seconds(at_s))


def carbon_dioxide(vessel: Vessel, at_s: Floats) -> Floats:
    """Give pCO2 in mmHg."""
    return 60 + 2.1 * course(vessel.seed).at("vcd", at_s) + _analyser(vessel, "PCO2", at_s, 1.0)


def glucose(vessel: Vessel, at_s: Floats) -> Floats:
    """Give glucose before feed in g/L."""
    return course(vessel.seed).at("glucose", at_s) + _analyser(vessel, "GLUC", at_s, 0.12)


def lactate(vessel: Vessel, at_s: Floats) -> Floats:
    """Give lactate in g/L."""
    return course(vessel.seed).at("lactate", at_s) + _analyser(vessel, "LAC", at_s, 0.02)


def viable_cells(vessel: Vessel, at_s: Floats) -> Floats:
    """Give viable cells in 10^6/mL."""
    return course(vessel.seed).at("vcd", at_s) * (1 + _analyser(vessel, "VCD", at_s, 0.012))


def viability(vessel: Vessel, at_s: Floats) -> Floats:
    """Give viability in %."""
    return np.minimum(99.5, course(vessel.seed).viability(at_s) + _analyser(vessel, "VIAB", at_s, 0.25))


def osmolality(vessel: Vessel, at_s: Floats) -> Floats:
    """Give osmolality in mOsm/kg."""
    return course(vessel.seed).at("osmolality", at_s) + _analyser(vessel, "OSMO", at_s, 1.2)


def ammonium(vessel: Vessel, at_s: Floats) -> Floats:
    """Give ammonium in mmol/L."""
    return course(vessel.seed).ammonium(at_s) + _analyser(vessel, "NH4", at_s, 0.1)


def titre(vessel: Vessel, at_s: Floats) -> Floats:
    """Give the antibody in g/L."""
    return course(vessel.seed).titre(at_s) * (1 + _analyser(vessel, "TITER", at_s, 0.01))


def _analyser(vessel: Vessel, name: str, at_s: Floats, deviation: float) -> Floats:
    """Give the error of one at-line measurement; each sample has its own."""
    return vessel.noise(name, at_s, fast=deviation, slow=0.0, period_s=HOUR_S)


SIGNALS: Final[Signals] = {
    "TEMP": Signal(temperature, 3),
    "PH": Signal(acidity, 3),
    "DO": Signal(oxygen, 2),
    "AGIT": Signal(steady("AGIT", 95.0, fast=0.15, slow=0.1), 1),
    "PRESS": Signal(steady("PRESS", 80.0, fast=0.7, slow=1.5), 1),
    "VALVE": Signal(valve, 1),
    "JACKET": Signal(jacket, 2),
    "PCO2": Signal(carbon_dioxide, 0),
    "GLUC": Signal(glucose, 2),
    "LAC": Signal(lactate, 2),
    "VCD": Signal(viable_cells, 2),
    "VIAB": Signal(viability, 1),
    "OSMO": Signal(osmolality, 0),
    "NH4": Signal(ammonium, 1),
    "TITER": Signal(titre, 2, from_s=TITRE_FROM_S),
}
