"""Ending all of one's sessions: pages at the next request, sockets at once, others untouched (11.300(c))."""

from __future__ import annotations

from tests.conftest import entries_of
from tests.factories import cast


def test_all_sessions_of_a_person_end_and_nobody_elses(database, signed_in):
    here, there, colleague = signed_in("cdmo_qa"), signed_in("cdmo_qa"), signed_in("cdmo_operator")
    for client in (here, there, colleague):
        assert client.get("/security/").status_code == 200
    assert here.post("/security/sign-out/").status_code == 303
    for client in (here, there):
        assert client.get("/security/").status_code == 302
        assert client.get("/api/v1/deviations/").status_code == 401
    assert colleague.get("/security/").status_code == 200
    assert signed_in("cdmo_qa").get("/security/").status_code == 200
    assert entries_of(cast.CDMO)[-1][1] == "person.signed_out_everywhere"
