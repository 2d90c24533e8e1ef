"""What stands in files for machines that are not this one: locks, compose file, environment, CI."""

import ast
import importlib.util
import json
import os
import re

import botocore.session
import pytest
import yaml

from config.bootstrap.places import Places

ROOT = Places().root
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PRODUCT = ["web", "worker", "beat", "relay", "auditor"]


def pins(path):
    return dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", path.read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


@pytest.mark.parametrize("lock", [*LOCKS, ROOT / "package-lock.json"], ids=lambda path: path.name)
def test_a_lock_file_names_no_host(lock):
    # Where packages come from is the machine's business. After `npm install --package-lock-only`
    # the `funding` entries, which are addresses, are taken out by hand.
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_a_hash(lock):
    blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_tests_run_on_the_versions_of_the_product():
    tests = pins(ROOT / "requirements/test.txt")
    for name in ("base", "extra"):
        product = pins(ROOT / f"requirements/{name}.txt")
        assert {each: tests.get(each) for each in product} == product


def test_every_asset_has_an_exact_version_and_a_digest():
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert {f"node_modules/{name}": version for name, version in wanted.items()} == {
        path: package["version"] for path, package in locked.items() if path
    }
    assert all(package["integrity"].startswith("sha512-") for path, package in locked.items() if path)


def read_variables(source):
    """The variables that a module reads through `env.<type>("NAME")` or `os.environ`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            first, owner = node.args[0], ast.unparse(node.func.value)
            if isinstance(first, ast.Constant) and owner in {"env", "os.environ"}:
                yield first.value


def test_the_example_environment_lists_every_variable_that_is_read():
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    read = set(read_variables((ROOT / "config/settings.py").read_text()))
    for path in (ROOT / "config/supervisor").glob("*.py"):
        read |= set(read_variables(path.read_text()))
    assert read - listed == set()


def test_the_example_environment_lists_every_variable_of_the_compose_file():
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert used - listed == set()


def test_each_variable_of_the_example_stands_under_its_meaning():
    lines = (ROOT / ".env.example").read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[A-Z_]+=", line):
            assert lines[number - 1].startswith(("#", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ")), line


def test_the_production_shape_is_two_of_everything_that_may_be_two(services):
    assert list(services) == ["postgres", "valkey", "roles", "migrate", *PRODUCT, "backup", "proxy"]
    replicas = {name: services[name].get("deploy", {}).get("replicas", 1) for name in PRODUCT}
    assert replicas == {"web": 2, "worker": 2, "beat": 1, "relay": 2, "auditor": 1}


def test_only_the_migration_has_the_owners_login(services):
    with_owner = [name for name in services if "DATABASE_OWNER_URL" in services[name].get("environment", {})]
    as_owner = [name for name in services if "COVALENT_AS_OWNER" in services[name].get("environment", {})]
    assert (with_owner, as_owner) == (["migrate"], ["migrate"])
    for name in PRODUCT:
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgresql://covalent_app:")


def test_the_product_waits_for_the_migration_and_the_migration_for_the_roles(services):
    done = {"condition": "service_completed_successfully"}
    assert services["migrate"]["depends_on"] == {"roles": done}
    for name in PRODUCT:
        assert services[name]["depends_on"]["migrate"] == done


def test_the_roles_come_from_the_file_of_the_embedded_server(services):
    assert services["roles"]["volumes"] == ["./config/supervisor/roles.sql:/roles.sql:ro"]
    asked = set(re.findall(r"\\getenv \w+ (\w+)", (ROOT / "config/supervisor/roles.sql").read_text()))
    assert asked <= set(services["roles"]["environment"])


def test_only_the_proxy_has_open_ports_and_databases_have_no_way_out(compose, services):
    assert [name for name in services if "ports" in services[name]] == ["proxy"]
    assert compose["networks"]["back"] == {"internal": True}
    assert {name: services[name]["networks"] for name in ("postgres", "valkey", "proxy", "web")} == {
        "postgres": ["back"],
        "valkey": ["back"],
        "proxy": ["front"],
        "web": ["back", "front"],
    }
    subnet = compose["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert services["web"]["environment"]["FORWARDED_ALLOW_IPS"] == subnet


def test_the_product_runs_without_rights_that_it_does_not_need(services):
    for name in (*PRODUCT, "migrate"):
        service = services[name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "\nUSER covalent\n" in (ROOT / "Dockerfile").read_text()


def test_no_secret_of_the_compose_file_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    secrets = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET_KEY|LEDGER_KEY))(:\?)?\}", text)
    assert {name for name, _ in secrets} == {
        "COVALENT_ADMIN_PASSWORD",
        "COVALENT_MIGRATE_PASSWORD",
        "COVALENT_APP_PASSWORD",
        "COVALENT_BACKUP_PASSWORD",
        "VALKEY_PASSWORD",
        "SECRET_KEY",
        "COVALENT_LEDGER_KEY",
    }
    assert [name for name, must in secrets if not must] == []


ONCE = ["roles", "migrate", "backup"]


def test_what_runs_for_ever_is_watched_and_comes_back_and_what_runs_once_does_not(services):
    for name, service in services.items():
        if name in ONCE:
            assert service["restart"] == "no", name
        else:
            assert (service["restart"], "test" in service["healthcheck"]) == ("unless-stopped", True), name
    assert services["backup"]["profiles"] == ["backup"]


def test_no_service_shares_the_host_or_its_own_processes(services):
    forbidden = {"network_mode", "privileged", "pid", "ipc", "cap_add", "devices", "userns_mode"}
    assert {name: forbidden & set(service) for name, service in services.items()} == {
        name: set() for name in services
    }


def test_every_command_of_the_compose_file_is_one_of_the_product(services):
    from django.core.management import get_commands

    for name in (*PRODUCT, *ONCE):
        command = services[name].get("command")
        if command is None:
            assert name == "web"  # the image's own
            command = json.loads(re.search(r"^CMD (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1])
        if command[:2] == ["python", "manage.py"]:
            assert command[2] in get_commands(), name
        elif command[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(command[2]) is not None
        else:
            assert command[0] in {"celery", "psql"}, name
            assert command[1:3] in (["-A", "config"], ["-X", "-f"])


def test_every_variable_that_the_compose_file_gives_is_read_by_somebody(services):
    read = set(read_variables((ROOT / "config/settings.py").read_text()))
    for path in (ROOT / "config").rglob("*.py"):
        read |= set(read_variables(path.read_text()))
    given = {name for service in (*PRODUCT, "migrate") for name in services[service]["environment"]}
    # The key service's library reads these by itself.
    library = {name for name in given if name.startswith("AWS_")}
    assert given - library - read == set()


def test_the_key_service_is_reached_by_what_the_compose_file_gives(services, monkeypatch):
    """Left empty they stand for nothing; filled in, the library knows where to go and as whom."""
    names = {name for name in services["web"]["environment"] if name.startswith("AWS_")}
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in names:
        monkeypatch.setenv(name, "")
    assert botocore.session.get_session().get_credentials() is None
    for name in names:
        monkeypatch.setenv(name, {"AWS_ENDPOINT_URL_KMS": "https://kms.example"}.get(name, "eu-north-1"))
    session = botocore.session.get_session()
    client = session.create_client("kms")
    assert (client.meta.endpoint_url, client.meta.region_name) == ("https://kms.example", "eu-north-1")
    assert session.get_credentials().token == "eu-north-1"


def test_the_key_of_the_ledger_comes_as_a_file_and_reaches_no_environment(compose, services):
    for name in PRODUCT:
        assert services[name]["secrets"] == ["ledger_key"]
        assert services[name]["environment"]["COVALENT_LEDGER_KEY"] == "/run/secrets/ledger_key"
    assert compose["secrets"]["ledger_key"] == {"file": "${COVALENT_LEDGER_KEY:?}"}


def test_from_outside_there_are_no_metrics(compose):
    assert "respond /metrics 404" in compose["configs"]["proxy"]["content"]


def test_ci_runs_the_command_of_the_readme():
    path = ROOT / ".ci/run"
    assert 'exec python3 manage.py test "$@"' in path.read_text()
    assert os.access(path, os.X_OK)
