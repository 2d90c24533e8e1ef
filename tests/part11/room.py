"""Where the assertions are tried: a shared deviation under investigation, and who may sign it."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager

import psycopg
from django.db import connection
from django.test import Client

from portal.action import reading
from portal.actor import system_actor
from portal.errors import DomainError
from portal.models import Member, Person, Signature
from portal.states import Meaning
from tests import database as databases
from tests.conftest import actor
from tests.factories import cast, chains
from tests.factories import deviations as make
from tests.factories.signing import code_at, make_signer, sign

HEAD = "cdmo_quality_head"


class Room:
    """What an assertion asks; `clock` moves the database's time."""

    def __init__(self, clock, tmp_path):
        self.clock, self.folder = clock, tmp_path
        self.qa, self.head = actor("cdmo_qa"), actor(HEAD)
        found = make.triage(self.qa, make.report(actor("cdmo_operator")))
        self.deviation = make.investigate(self.qa, make.release(self.qa, found))
        make_signer(self.head, cast.CDMO)

    @property
    def page(self):
        return f"/deviations/{self.deviation.pk}/"

    @property
    def address(self):
        return f"/sign/deviation/{self.deviation.pk}/"

    def sign(self, who=None, on=None, meaning=Meaning.APPROVED, **given):
        return sign(who or self.head, on or self.deviation, meaning, **given)

    def signed(self):
        """The signatures of the deviation as the manufacturer's QA is shown them."""
        from portal.queries.signatures import signatures_of

        with reading(self.qa):
            version = type(self.deviation).objects.visible_to(self.qa).get(pk=self.deviation.pk).version
            return signatures_of(self.qa, self.deviation.pk, version)

    def count(self):
        with reading(self.qa):
            return Signature.objects.visible_to(self.qa).count()

    def browser(self, key=HEAD):
        found = Client()
        found.force_login(
            Person.objects.get(pk=cast.person_id(key)),
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        return found

    def system(self, key="cdmo_system"):
        return Client(headers={"Authorization": f"Bearer {cast.TOKENS[key]}"})

    def form(self, browser):
        """What the signing page hides in its form."""
        page = browser.get(self.address).content.decode()
        return dict(re.findall(r'name="(version|digest)" value="([^"]+)"', page))

    def export(self, record=None):
        """The bytes of an export of the program's shared chain, or of one record in it."""
        chains.publish()
        query = {"record": str(record)} if record else {}
        answer = self.system().get(f"/api/v1/ledger/{cast.PROGRAM}/shared/export", query)
        assert answer.status_code == 200
        return b"".join(answer)

    def member_of(self, person):
        setup = system_actor("setup", cast.CDMO)
        with reading(setup):
            return Member.objects.visible_to(setup).get(person_id=person.person_id)

    def kinds(self, space=cast.CDMO):
        """The kinds of the entries of a shared chain, oldest first."""
        from tests.conftest import entries_of

        return [each[1] for each in entries_of(space)]

    @contextmanager
    def connect(self, role):
        url = databases.url(role, connection.settings_dict["NAME"])
        with psycopg.connect(url, autocommit=True) as raw:
            yield raw


def code_of(call, *args, **given):
    """The code with which a call is refused; empty where it is not."""
    try:
        call(*args, **given)
    except DomainError as error:
        return error.problem_code
    return ""


def proof(**given):
    """Password and one-time code of the cast, as a form sends them."""
    return {"password": cast.PASSWORD, "code": code_at(time.time())} | given
