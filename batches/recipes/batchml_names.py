"""BatchML V7: its namespace, the older ones by name, and our words beside its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from batches.states import Level, MaterialUse

NAMESPACE: Final = "http://www.mesa.org/xml/B2MML"
VERSION: Final = "V7"
# Of the versions before, the namespace says which one a file is of.
OLDER: Final[Mapping[str, str]] = {
    "http://www.wbf.org/xml/BatchML-V02": "BatchML V02 (2003 to 2008)",
    "http://www.wbf.org/xml/BatchML-V03": "BatchML V03",
    "http://www.wbf.org/xml/BatchML-V0401": "BatchML V0401",
    "http://www.wbf.org/xml/b2mml-v02": "B2MML V02",
    "http://www.wbf.org/xml/B2MML-V02": "B2MML V02",
    "http://www.wbf.org/xml/B2MML-V03": "B2MML V03",
    "http://www.wbf.org/xml/B2MML-V04": "B2MML V04",
    "http://www.wbf.org/xml/B2MML-V0401": "B2MML V0401 (2008)",
    "http://www.mesa.org/xml/B2MML-V0500": "B2MML V0500",
    "http://www.mesa.org/xml/B2MML-V0600": "B2MML V0600 (2013)",
    "http://www.mesa.org/xml/BatchML-V0500": "BatchML V0500",
    "http://www.mesa.org/xml/BatchML-V0600": "BatchML V0600 (2013)",
}
LEVELS: Final[Mapping[str, str]] = {
    Level.PROCEDURE: "Procedure",
    Level.UNIT_PROCEDURE: "UnitProcedure",
    Level.OPERATION: "Operation",
    Level.PHASE: "Phase",
}
USES: Final[Mapping[str, str]] = {
    MaterialUse.INPUT: "ProcessInput",
    MaterialUse.OUTPUT: "ProcessOutput",
    MaterialUse.INTERMEDIATE: "Other",
}
# In an element whose type is Other, OtherValue says what it is.
INTERMEDIATE: Final = "ProcessIntermediate"
HOLD_TIME: Final = "HoldTime"
LIMIT: Final = "Limit"
PROPERTY: Final = "Property"
UNREAD: Final = "covalent.not_understood"
EQUIPMENT_CLASS: Final = "EquipmentClass"
# Who counts the versions: one of ours is given anew when the recipe is submitted here.
OURS: Final = "covalent"
