"""A whole program ready to be taken away: the lists of its records, as the apps give them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.dossiers import Dossier, Section, both_times, program_lists
from portal.models import Program, Signature
from portal.past import Past


def find_program_dossier(
    actor: Actor, space_id: UUID, at: datetime, chains: Collection[str] | None
) -> Dossier | None:
    """Return a program as of an instant, from all its chains or some; None for a space of another kind.

    Its records stand in lists; each of them whole is an export of its own. Raises: NotFound.
    """
    program = Program.objects.visible_to(actor).with_id(space_id)
    if program is None:
        return None
    past = Past(actor, space_id, at, chains)
    sections = [each for given in program_lists(past, program.zone) for each in given]
    sections.append(_signatures(past))
    return Dossier(
        kind=_("Program"),
        number=program.code,
        title=program.title,
        program=program,
        zone=program.zone,
        facts=[
            (_("Manufacturer"), program.manufacturer_name),
            (_("Sponsor"), program.sponsor_name),
            *((each.heading, str(len(each.rows))) for each in sections),
        ],
        sections=[each for each in sections if each.rows],
        signatures=None,
        timeline=None,
        row_ids=(),
        data={
            "id": str(program.pk),
            "code": program.code,
            "title": program.title,
            "lists": [
                {
                    "name": each.heading,
                    "columns": list(each.columns),
                    "rows": [list(row) for row in each.rows],
                }
                for each in sections
            ],
        },
    )


def _signatures(past: Past) -> Section:
    """Return all signatures in the program, oldest first; whether one still stands, its record says."""
    found = past.related(Signature, space_id=past.space_id)
    return Section(
        _("Signatures"),
        columns=(_("Name"), _("Meaning"), _("Signed"), _("Record and version")),
        widths=(3, 2, 4, 3),
        rows=[
            (
                f"{each.printed_name}, {each.organisation}",
                str(each.get_meaning_display()),
                both_times(each.signed_at, each.zone),
                f"{each.subject_type} {each.subject_id}, {each.subject_version}",
            )
            for each in sorted(found, key=lambda each: (each.signed_at, each.pk))
        ],
    )
