"""The words of EPCIS and CBV 2.0: bare in JSON, URIs of the web vocabulary or older URNs elsewhere; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CBV: Final = "https://ref.gs1.org/cbv/"
VOC: Final = "https://gs1.org/voc/"
VOC_OLDER: Final = ("gs1:", "https://ref.gs1.org/voc/", "https://www.gs1.org/voc/", "http://gs1.org/voc/")
CBV_OLDER: Final = ("cbv:", "https://ns.gs1.org/cbv/")


@dataclass(frozen=True, slots=True)
class Words:
    """One vocabulary: how its URIs begin, how its older URNs do, and its bare words."""

    begins: str
    urn: str
    bare: frozenset[str]


def _words(begins: str, urn: str, bare: str) -> Words:
    return Words(begins, urn, frozenset(bare.split()))


STEPS: Final = _words(
    f"{CBV}BizStep-",
    "urn:epcglobal:cbv:bizstep:",
    "accepting arriving assembling collecting commissioning consigning creating_class_instance"
    " cycle_counting decommissioning departing destroying disassembling dispensing encoding"
    " entering_exiting holding inspecting installing killing loading other packing picking receiving"
    " removing repackaging repairing replacing reserving retail_selling shipping staging_outbound"
    " stock_taking stocking storing transporting unloading unpacking void_shipping sensor_reporting"
    " sampling",
)
DISPOSITIONS: Final = _words(
    f"{CBV}Disp-",
    "urn:epcglobal:cbv:disp:",
    "active container_closed damaged destroyed dispensed disposed encoded expired in_progress"
    " in_transit inactive no_pedigree_match non_sellable_other partially_dispensed recalled reserved"
    " retail_sold returned sellable_accessible sellable_not_accessible stolen unknown available"
    " completeness_verified completeness_inferred conformant container_open mismatch_instance"
    " mismatch_class mismatch_quantity needs_replacement non_conformant unavailable",
)
TRANSACTIONS: Final = _words(
    f"{CBV}BTT-",
    "urn:epcglobal:cbv:btt:",
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt",
)
PARTIES: Final = _words(f"{CBV}SDT-", "urn:epcglobal:cbv:sdt:", "owning_party possessing_party location")
ERRORS: Final = _words(f"{CBV}ER-", "urn:epcglobal:cbv:er:", "did_not_occur incorrect_data")
COMPONENTS: Final = _words(
    f"{CBV}Comp-",
    "urn:epcglobal:cbv:comp:",
    "x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting"
    " northing latitude longitude altitude",
)
ALARMS: Final = _words(f"{VOC}SensorAlertType-", "gs1:SensorAlertType-", "ALARM_CONDITION ERROR_CONDITION")
MEASURES: Final = _words(
    VOC,
    "gs1:",
    "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Radioactivity Altitude"
    " AmountOfSubstance AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum"
    " AngularVelocity Area Capacitance Conductance Conductivity Count Density Dimensionless"
    " DoseEquivalent DoseEquivalentRate DynamicViscosity ElectricCharge ElectricCurrent"
    " ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency Illuminance"
    " Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux"
    " LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass"
    " MassConcentration MassFlowRate MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy"
    " MolarMass MolarVolume Power Pressure RadiantFlux RadiantIntensity RelativeHumidity Resistance"
    " Resistivity SolidAngle SpecificVolume Speed SurfaceDensity SurfaceTension Temperature Time"
    " Torque Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux Wavenumber",
)
# Where a word of which vocabulary stands.
FIELDS: Final[Mapping[str, Words]] = {
    "bizStep": STEPS,
    "disposition": DISPOSITIONS,
    "set": DISPOSITIONS,
    "unset": DISPOSITIONS,
    "reason": ERRORS,
    "component": COMPONENTS,
    "exception": ALARMS,
}
OLDER: Final = tuple(
    (each.urn, each.begins) for each in (STEPS, DISPOSITIONS, TRANSACTIONS, PARTIES, ERRORS, COMPONENTS)
)


def expand(word: str, words: Words) -> str:
    """Return a word of a vocabulary as its URI; what is none of its bare words is only brought up to date."""
    return words.begins + word if word in words.bare else up_to_date(word)


def up_to_date(uri: str) -> str:
    """Return the URI of the web vocabulary for an older URN or a compact name."""
    for begins, now in OLDER:
        if uri.startswith(begins):
            return now + uri.removeprefix(begins)
    for older, now in ((CBV_OLDER, CBV), (VOC_OLDER, VOC)):
        for begins in older:
            if uri.startswith(begins):
                return now + uri.removeprefix(begins)
    return uri


def shorten(uri: str, words: Words) -> str:
    """Return the bare word for a URI of a vocabulary, anything else as it is."""
    found = up_to_date(uri).removeprefix(words.begins)
    return found if found in words.bare else uri
