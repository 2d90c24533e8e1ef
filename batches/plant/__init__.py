"""The simulated plant: pure models of the equipment and the loop that reports them by REST."""

from batches.plant.catalogue import MODELS, choose_model
from batches.plant.culture import SHIFT_AT_S
from batches.plant.history import VALVE_FAULT, VALVE_FAULT_AT_S, history

__all__ = ["MODELS", "SHIFT_AT_S", "VALVE_FAULT", "VALVE_FAULT_AT_S", "choose_model", "history"]
