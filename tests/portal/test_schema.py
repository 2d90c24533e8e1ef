from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator


def test_the_openapi_document_is_made_without_a_warning():
    GENERATOR_STATS.reset()
    document = SchemaGenerator().get_schema(request=None, public=True)
    assert document["openapi"].startswith("3.1")
    assert not GENERATOR_STATS, (dict(GENERATOR_STATS._warn_cache), dict(GENERATOR_STATS._error_cache))


def test_a_key_reads_the_document_as_json_and_as_yaml(database, api):
    as_json = api("sponsor_system").get("/api/v1/schema/")
    assert as_json.status_code == 200
    assert "/api/v1/programs/" in as_json.json()["paths"]
    as_yaml = api("sponsor_system").get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi"})
    assert as_yaml.status_code == 200
    assert as_yaml.content.startswith(b"openapi: 3.1")


def test_a_stranger_is_refused(database, client):
    assert client.get("/api/v1/schema/").status_code == 401
