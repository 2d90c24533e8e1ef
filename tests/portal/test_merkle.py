import base64
import json
from pathlib import Path

import pytest

from portal.merkle import (
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_proof,
    head,
    in_memory,
    inclusion_proof,
    leaf_hash,
    tree_head,
)
from portal.notes import Note, Verifier

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "merkle-rfc6962"
with_vectors = pytest.mark.skipif(not VECTORS.exists(), reason="the vectors lie beside the repository")
# From the reference implementation of transparency-dev/merkle, so that the test stands without the file too.
LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243")]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
}
SIZES = (1, 2, 3, 7, 8, 255, 256, 257, 511, 1000)


def given(name):
    return json.loads((VECTORS / name).read_text("utf-8"))


def hashes(encoded):
    return [base64.b64decode(each) for each in encoded or []]


@pytest.fixture(scope="module")
def many():
    return [leaf_hash(str(number).encode()) for number in range(1000)]


@pytest.mark.parametrize("size", ROOTS)
def test_the_head_of_a_tree_is_that_of_the_reference(size):
    assert tree_head(LEAVES[:size]).hex() == ROOTS[size]


@with_vectors
def test_all_given_roots_and_leaf_hashes_come_out():
    said = given("tree_roots_given.json")
    leaves = [bytes.fromhex(leaf) for leaf in said["leaf_inputs_hex"]]
    assert [leaf_hash(leaf).hex() for leaf in leaves] == said["leaf_hashes_hex"]
    for size, root in said["root_hash_hex_by_size"].items():
        assert tree_head(leaves[: int(size)]).hex() == root


@with_vectors
def test_every_given_inclusion_proof_is_judged_as_given():
    for each in given("inclusion_given.json"):
        case = each["case"]
        (leaf,), (root,) = hashes([case["leafHash"]]), hashes([case["root"]])
        try:
            check_inclusion(leaf, case["leafIdx"], case["treeSize"], hashes(case["proof"]), root)
            is_refused = False
        except ProofError:
            is_refused = True
        assert is_refused == case["wantErr"], each["file"]


@with_vectors
def test_every_given_consistency_proof_is_judged_as_given():
    for each in given("consistency_given.json"):
        case = each["case"]
        roots = hashes([case["root1"], case["root2"]])
        try:
            check_consistency(case["size1"], case["size2"], hashes(case["proof"]), *roots)
            is_refused = False
        except ProofError:
            is_refused = True
        assert is_refused == case["wantErr"], each["file"]


@with_vectors
def test_the_signed_note_of_the_standard_is_valid_and_a_changed_one_is_not():
    said = given("signed_note_given.json")
    key = Verifier.parse(said["verifier_key"])
    assert Note.parse(said["note"]).signed_by(key) == 0
    assert Note.parse(said["note"].replace("example message", "Example message")).signed_by(key) is None


@pytest.mark.parametrize("size", SIZES)
def test_each_leaf_is_proved_to_stand_where_it_stands(many, size):
    read = in_memory(many[:size])
    root = head(read, size)
    for index in {0, size // 3, size // 2, size - 1}:
        proof = inclusion_proof(read, index, size)
        check_inclusion(many[index], index, size, proof, root)
        with pytest.raises(ProofError):
            check_inclusion(leaf_hash(b"another"), index, size, proof, root)


@pytest.mark.parametrize("size", SIZES)
def test_each_older_tree_is_proved_to_begin_the_newer(many, size):
    read = in_memory(many[:size])
    for old in {0, 1, size // 3, size // 2, size - 1, size}:
        proof = consistency_proof(read, old, size)
        check_consistency(old, size, proof, head(read, old), head(read, size))
        if 0 < old < size:
            with pytest.raises(ProofError):
                check_consistency(old, size, proof, leaf_hash(b"another"), head(read, size))


def test_order_counts():
    assert tree_head(LEAVES[:3]) != tree_head(LEAVES[2::-1])
