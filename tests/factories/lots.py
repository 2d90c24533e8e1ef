"""Lots for tests: dull, with what matters given by the test."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from batches.actions.links import link_lots
from batches.actions.lots import judge_lot, produce_lot, receive_lot, use_lot
from batches.models import LotLink, LotLinkEnd
from portal.action import action, instant
from tests.factories import cast
from tests.factories.batches import setup


def lot(number="LOT-1", *, program=cast.PROGRAM, released=True, quantity=10, **given):
    """A lot that came in, released unless said otherwise."""
    made = receive_lot(
        setup(program),
        program,
        number=number,
        material=given.pop("material", "RM-7"),
        title=given.pop("title", "Feed medium"),
        unit="kg",
        quantity=Decimal(quantity),
        **given,
    )
    return judge_lot(setup(program), made.pk, to="release", version=made.version) if released else made


def product(batch, number="DS-1", *, quantity=5, released=True):
    """A lot that a batch gave."""
    actor = setup(batch.space_id)
    made = produce_lot(
        actor,
        batch.pk,
        number=number,
        material="AV-101-DS",
        title="Drug substance",
        unit="kg",
        quantity=Decimal(quantity),
    )
    return judge_lot(actor, made.pk, to="release", version=made.version) if released else made


def use(batch, lot, quantity=1):
    """So much of a lot goes into a batch."""
    return use_lot(setup(batch.space_id), batch.pk, lot_id=lot.pk, quantity=Decimal(quantity))


def linked(lot, other, by):
    """A lot goes on as one of another program, as a sponsor of both says."""
    return link_lots(by, lot.pk, other_id=other.pk)


@action("test.link")
def _link(actor, lot, number):
    given = {"linked_code": "Sponsor QA 03", "linked_at": instant(), "other_as_of": instant()}
    link = LotLink.objects.create(
        space_id=lot.space_id, lot=lot, way="onward", other_number=number, other_state="released", **given
    )
    ids = {"other_space": uuid4(), "other_link": uuid4(), "other_lot": uuid4()}
    LotLinkEnd.objects.create(space_id=lot.space_id, audience="sponsor", link=link, **ids)
    return link


def link_elsewhere(lot, number):
    """The end of a link whose other end lies where nobody here looks."""
    return _link(setup(lot.space_id), lot, number)
