"""Spaces and the companies that meet in them (ground 1)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portal.models.base import RecordKey, RecordQuerySet, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience, SpaceKind


class Space(SpaceRecord):
    """The unit of tenancy: a program, a partnership or an organisation; it belongs to itself."""

    kind = models.CharField(max_length=12, choices=SpaceKind)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(space_id=F("id")), name="space_belongs_to_itself"),
            models.CheckConstraint(condition=Q(audience="shared"), name="space_is_shared"),
        ]


class Organisation(SpaceRecord):
    """A company; its id is the id of its own space."""

    name = models.CharField(max_length=200)
    zone = models.CharField(max_length=60, default="UTC")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(space_id=F("id")), name="organisation_is_a_space"),
            models.CheckConstraint(condition=Q(audience="shared"), name="organisation_is_shared"),
        ]


class Site(SpaceRecord):
    """A plant of a manufacturer, with the zone its times are shown in; lives in the organisation's space."""

    name = models.CharField(max_length=120)
    city = models.CharField(max_length=120, blank=True)
    zone = models.CharField(max_length=60)
    calendar = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "name"], name="site_name_once")]


class Partnership(SpaceRecord):
    """One sponsor and one manufacturer; its id is the id of its space."""

    sponsor = models.ForeignKey(Organisation, on_delete=models.DO_NOTHING, related_name="+")
    manufacturer = models.ForeignKey(Organisation, on_delete=models.DO_NOTHING, related_name="+")
    sponsor_name = models.CharField(max_length=200)
    manufacturer_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(space_id=F("id")), name="partnership_is_a_space"),
            models.CheckConstraint(condition=~Q(sponsor=F("manufacturer")), name="partnership_of_two"),
        ]


class Program(SpaceRecord):
    """One product made by one manufacturer for one sponsor; its id is the id of its space.

    The parties' names stand here as well: whoever is seated in the program alone still reads who meets in it.
    """

    partnership = models.ForeignKey(Partnership, on_delete=models.DO_NOTHING, related_name="+")
    sponsor = models.ForeignKey(Organisation, on_delete=models.DO_NOTHING, related_name="+")
    manufacturer = models.ForeignKey(Organisation, on_delete=models.DO_NOTHING, related_name="+")
    sponsor_name = models.CharField(max_length=200)
    manufacturer_name = models.CharField(max_length=200)
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    # Site time where no batch says otherwise: that of the first site.
    zone = models.CharField(max_length=60, default="UTC")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(space_id=F("id")), name="program_is_a_space"),
            models.CheckConstraint(condition=Q(audience="shared"), name="program_is_shared"),
        ]


class ProgramSite(SpaceRecord):
    """A site as a program knows it: what both sides may read of it."""

    name = models.CharField(max_length=120)
    city = models.CharField(max_length=120, blank=True)
    zone = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "name"], name="programsite_name_once")]


class Record(models.Model):
    """The thin row beside each record that others point to; kept by trigger, never written here."""

    id = models.UUIDField(primary_key=True)
    space = models.ForeignKey(Space, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    audience = models.CharField(max_length=12, choices=Audience)
    number = models.CharField(max_length=60, blank=True)
    title = SealedTextField(blank=True)
    version = models.PositiveIntegerField()

    objects = RecordQuerySet.as_manager()


__all__ = ["Organisation", "Partnership", "Program", "ProgramSite", "Record", "RecordKey", "Site", "Space"]
