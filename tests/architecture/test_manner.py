"""House rules that a linter does not know."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "batches", "deviations", "config")
CODE = [
    path
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts and "node_modules" not in path.parts
]
INTERFACES = ("api", "views", "management", "consumers.py", "tasks.py", "forms.py")


def _tree(path):
    return ast.parse(path.read_text("utf-8"))


def _is_interface(path):
    return any(part in INTERFACES for part in path.relative_to(ROOT).parts)


def test_no_module_has_a_name_that_tells_no_job():
    banned = {"utils.py", "helpers.py", "common.py", "services.py", "misc.py", "manager.py", "managers.py"}
    assert [str(path) for path in CODE if path.name in banned] == []


def test_no_interface_reads_records_past_visible_to():
    bare = re.compile(r"\b[A-Z]\w+\.objects\.(?!visible_to)")
    identity = re.compile(r"\b(Person|Authenticator|Heartbeat)\.objects\.")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in CODE
        if _is_interface(path)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if bare.search(line) and not identity.search(line)
    ]
    assert found == []


def test_modules_and_functions_keep_their_budgets():
    long_modules = [
        f"{path.relative_to(ROOT)}: {lines}"
        for path in CODE
        if (lines := len(path.read_text("utf-8").splitlines())) > 500
    ]
    long_functions = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in CODE
        for node in ast.walk(_tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno - node.lineno + 1 > 60
    ]
    assert long_modules == []
    assert long_functions == []


def test_actions_take_an_actor_first_and_have_a_docstring():
    wrong = []
    for path in CODE:
        for node in ast.walk(_tree(path)):
            if not isinstance(node, ast.FunctionDef):
                continue
            if any(
                isinstance(each, ast.Call) and getattr(each.func, "id", "") == "action"
                for each in node.decorator_list
            ):
                first = node.args.args[0].arg if node.args.args else ""
                if first.lstrip("_") != "actor" or not ast.get_docstring(node) or node.args.kwarg:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert wrong == []


def test_models_have_no_ordering_and_no_own_save():
    wrong = []
    for path in CODE:
        if "models" not in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name in ("save", "delete"):
                wrong.append(f"{path.relative_to(ROOT)}: {node.name}")
            if isinstance(node, ast.Assign) and any(
                getattr(each, "id", "") == "ordering" for each in node.targets
            ):
                wrong.append(f"{path.relative_to(ROOT)}: ordering")
    assert wrong == []


def test_no_task_is_sent_into_the_future():
    far = re.compile(r"\b(eta|countdown)=")
    assert [str(path) for path in CODE if far.search(path.read_text("utf-8"))] == []
