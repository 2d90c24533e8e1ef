"""What every record has: a space, an audience, a version; and the first wall of tenancy."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models
from django.db.models import Q

from portal.actor import Actor
from portal.states import Audience

M = TypeVar("M", bound=models.Model)


class RecordQuerySet(models.QuerySet[M]):
    """Rows of a record table; every read of an interface starts at `visible_to`."""

    def visible_to(self, actor: Actor) -> Self:
        """Keep rows of the actor's spaces whose audience is shared or the actor's side there."""
        as_sponsor, as_manufacturer = actor.as_sponsor, actor.as_manufacturer
        return self.filter(
            (Q(space_id__in=as_sponsor) & ~Q(audience=Audience.MANUFACTURER))
            | (Q(space_id__in=as_manufacturer) & ~Q(audience=Audience.SPONSOR))
        )


if TYPE_CHECKING:
    _ForeignKey = models.ForeignKey[Any, Any]
else:
    _ForeignKey = models.ForeignKey


class RecordKey(_ForeignKey):
    """A reference to a record of the same space; `RecordTable` makes the composite key `(space_id, x_id)`."""

    def __init__(self, to: Any, **kwargs: Any) -> None:
        kwargs.setdefault("on_delete", models.DO_NOTHING)
        kwargs.setdefault("related_name", "+")
        kwargs["db_constraint"] = False
        super().__init__(to, **kwargs)

    def deconstruct(self) -> Any:
        """Leave out what is fixed."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs


class SpaceRecord(models.Model):
    """One row that belongs to exactly one space and one audience there (ground 1)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.SHARED)
    version = models.PositiveIntegerField(default=1)

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True

    def bump(self) -> None:
        """Raise the version that readers compare with (`ETag`)."""
        self.version += 1
