"""What every record has: a space, an audience, a version; and the first wall of tenancy."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from django.db import models
from django.db.models import F, Func, Value

from portal.actor import Actor
from portal.states import Audience

M = TypeVar("M", bound=models.Model)


class Visible(Func):
    """True for rows of the actor's spaces whose audience is shared or the actor's side there.

    One expression of fixed text: built for every read of every record, as a tree of conditions it took a
    third of the time of a short query.
    """

    conditional = True
    output_field = models.BooleanField()
    template = (
        f"((%(space)s = any(%(sponsor)s::uuid[]) and %(audience)s <> '{Audience.MANUFACTURER}')"
        f" or (%(space)s = any(%(manufacturer)s::uuid[]) and %(audience)s <> '{Audience.SPONSOR}'))"
    )

    def __init__(self, actor: Actor) -> None:
        super().__init__(F("space_id"), F("audience"), Value(actor.as_sponsor), Value(actor.as_manufacturer))

    def as_sql(self, compiler: Any, *_: Any, **__: Any) -> Any:
        """Return the condition on the row's own space and audience."""
        space, audience = (compiler.compile(each)[0] for each in self.source_expressions[:2])
        lists = [cast("Value", each).value for each in self.source_expressions[2:]]
        words = {"space": space, "audience": audience, "sponsor": "%s", "manufacturer": "%s"}
        return self.template % words, lists


class RecordQuerySet(models.QuerySet[M]):
    """Rows of a record table; every read of an interface starts at `visible_to`."""

    def visible_to(self, actor: Actor) -> Self:
        """Keep rows of the actor's spaces whose audience is shared or the actor's side there."""
        return self.filter(Visible(actor))

    def with_id(self, record_id: uuid.UUID) -> M | None:
        """Return the row of that id among these, None when it is not; unlike `first` it asks for no order."""
        return next(iter(self.filter(pk=record_id)), None)


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
