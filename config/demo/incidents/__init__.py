"""The deviations of the demo, as data: those told word for word, and families of ordinary ones."""

from config.demo.incidents.current import CURRENT
from config.demo.incidents.families import FAMILIES, Family, Kind
from config.demo.incidents.finished import FINISHED_STORIES
from config.demo.incidents.writing import COPIED, Incident

__all__ = ["COPIED", "CURRENT", "FAMILIES", "FINISHED_STORIES", "Family", "Incident", "Kind"]
