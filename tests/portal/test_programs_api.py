from tests.factories import cast


def test_a_key_lists_the_programs_it_is_bound_to(database, api):
    answer = api("sponsor_system").get("/api/v1/programs/")
    assert answer.status_code == 200
    assert [each["code"] for each in answer.json()["results"]] == ["AV-101", "AV-310"]


def test_another_partys_program_is_not_found(database, api):
    answer = api("rival_system").get(f"/api/v1/programs/{cast.PROGRAM}/")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
