import json
from pathlib import Path

import pytest

from portal.merkle import leaf_hash, tree_head

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "merkle-rfc6962"
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


@pytest.mark.parametrize("size", ROOTS)
def test_the_head_of_a_tree_is_that_of_the_reference(size):
    assert tree_head(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.skipif(not VECTORS.exists(), reason="the vectors lie beside the repository")
def test_all_given_roots_and_leaf_hashes_come_out():
    given = json.loads((VECTORS / "tree_roots_given.json").read_text())
    leaves = [bytes.fromhex(leaf) for leaf in given["leaf_inputs_hex"]]
    assert [leaf_hash(leaf).hex() for leaf in leaves] == given["leaf_hashes_hex"]
    for size, root in given["root_hash_hex_by_size"].items():
        assert tree_head(leaves[: int(size)]).hex() == root


def test_order_counts():
    assert tree_head(LEAVES[:3]) != tree_head(LEAVES[2::-1])
