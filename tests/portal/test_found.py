"""The first rows of an installation: two companies that can begin to work without anybody's database."""

from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from portal.action import reading
from portal.actor import Side, seats_of, system_actor
from portal.models import Member, Person, Program
from tests.conftest import entries_of
from tests.factories import cast


def found(*words):
    out = StringIO()
    call_command("found", *words, stdout=out)
    return UUID(out.getvalue().strip())


def company(side, word):
    admins = [part for n in (1, 2) for part in ("--admin", f"{word}{n}@example.org", f"{word} admin {n}")]
    return found("organisation", f"{word} Ltd", "--as", side, "--zone", "Europe/Zurich", *admins)


def test_two_companies_meet_and_open_a_program(own_database):
    maker, owner = company("manufacturer", "maker"), company("sponsor", "owner")
    pair = found("partnership", "--sponsor", str(owner), "--manufacturer", str(maker))
    site = ("--site", "Basel", "Basel", "Europe/Zurich")
    program = found("program", str(pair), "--code", "OW-1", "--title", "OW-1 antibody", *site)
    for organisation, role in ((maker, "site_admin"), (owner, "org_admin")):
        setup = system_actor("setup", organisation)
        with reading(setup):
            members = list(Member.objects.visible_to(setup).filter(space_id=organisation))
        assert len(members) == 2
        for each in members:
            person = Person.objects.get(pk=each.person_id)
            # Nobody but they themselves will know a password: a link is on its way.
            assert not person.has_usable_password()
            assert person.link_next_at is not None
            (seat,) = seats_of(person.pk)[organisation]
            assert (seat.side, seat.roles) == (Side.BOTH, {role})
        assert entries_of(organisation)[-1][1] == "assignment.given"
    setup = system_actor("setup", program)
    with reading(setup):
        opened = Program.objects.visible_to(setup).get(pk=program)
    assert (opened.sponsor_name, opened.manufacturer_name) == ("owner Ltd", "maker Ltd")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("organisation", "X", "--as", "sponsor", "--admin", "a@example.org", "A"), "take two"),
        (
            ("organisation", "X", "--as", "sponsor", "--admin", "a@example.org", "A",
             "--admin", "A@example.org", "B"),
            "take two",
        ),
        (
            ("organisation", "X", "--as", "sponsor", "--zone", "Basel", "--admin", "a@example.org", "A",
             "--admin", "b@example.org", "B"),
            "IANA",
        ),
        (
            ("organisation", "X", "--as", "sponsor", "--admin", cast.EMAILS["cdmo_qa"], "A",
             "--admin", "b@example.org", "B"),
            "exists",
        ),
        (
            ("partnership", "--sponsor", str(cast.PROGRAM), "--manufacturer", str(cast.CDMO)),
            "no organisation",
        ),
        (
            ("program", str(cast.CDMO), "--code", "X", "--title", "X", "--site", "B", "B", "UTC"),
            "no partnership",
        ),
    ],
)  # fmt: skip
def test_what_cannot_begin_is_refused_in_words_and_leaves_nothing(own_database, words, said):
    before = Person.objects.count()
    with pytest.raises(CommandError, match=said):
        found(*words)
    assert Person.objects.count() == before
