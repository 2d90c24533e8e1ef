"""Sessions of monitoring for tests: dull, with what matters given by the test."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from batches import tasks
from batches.actions import monitoring
from batches.environment.states import SampleKind
from portal.actor import system_actor
from tests.conftest import actor
from tests.factories import batches, cast

# The second reader of the cast has no role in the laboratory; the site's own system reads instead.
SITE = cast.CDMO


def point(code="L4-A1", *, by="cdmo_qa", **given):
    """A place under Grade A of filling line 4."""
    said = {"title": "Stopper bowl", "area": "LINE-4", "grade": "A"} | given
    return monitoring.keep_point(actor(by), SITE, code=code, **said)


def session(by="cdmo_qa", **given):
    """A session in operation that began six hours ago."""
    said = {"area": "LINE-4", "began_at": batches.now() - timedelta(hours=6)} | given
    return monitoring.open_session(actor(by), SITE, **said)


def exposed(session, code="SP-1", *, at="L4-A1", kind=SampleKind.SETTLE, by="cdmo_operator", hours=5):
    """A plate put out so many hours ago."""
    began = batches.now() - timedelta(hours=hours)
    return monitoring.expose_sample(actor(by), session.pk, point=at, kind=kind, code=code, exposed_at=began)


def grown(session, code="SP-1", *, value=1, by="cdmo_qa", hours=3, **given):
    """A plate that was taken up after so many hours and read once."""
    plate = exposed(session, code, **given)
    until = plate.exposed_at + timedelta(hours=hours)
    plate = monitoring.collect_sample(actor(by), plate.pk, version=plate.version, at=until)
    return monitoring.read_sample(actor(by), plate.pk, version=plate.version, value=Decimal(value))


def confirmed(plate, *, value=None):
    """The same plate after its second reading, by the site's own system."""
    by = system_actor("setup", SITE)
    count = plate.value if value is None else Decimal(value)
    return monitoring.confirm_sample(by, plate.pk, version=plate.version, value=count)


def covered(session, batch, by="cdmo_qa", **given):
    """The session covers the batch, and what it found is carried there."""
    part = monitoring.cover_batch(actor(by), session.pk, batch_id=batch.pk, **given)
    tasks.carry_sessions()
    return part
