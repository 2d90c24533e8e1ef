"""The recipe versions of the demo, as data: typical of the trade, not anybody's registered limits."""

from config.demo.recipes.antibody import DRUG_SUBSTANCE, DRUG_SUBSTANCE_NEXT, PURIFICATION, SEED_TRAIN
from config.demo.recipes.cell_therapy import CELL_THERAPY
from config.demo.recipes.fill import STERILE_FILL
from config.demo.recipes.penicillin import PENICILLIN_RUN
from config.demo.recipes.rival import RIVAL_SUBSTANCE
from config.demo.recipes.writing import Recipe

RECIPES = (
    DRUG_SUBSTANCE,
    SEED_TRAIN,
    PURIFICATION,
    STERILE_FILL,
    CELL_THERAPY,
    PENICILLIN_RUN,
    RIVAL_SUBSTANCE,
)

__all__ = [
    "CELL_THERAPY",
    "DRUG_SUBSTANCE",
    "DRUG_SUBSTANCE_NEXT",
    "PENICILLIN_RUN",
    "PURIFICATION",
    "RECIPES",
    "RIVAL_SUBSTANCE",
    "SEED_TRAIN",
    "STERILE_FILL",
    "Recipe",
]
