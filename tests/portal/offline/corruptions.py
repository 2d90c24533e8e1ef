"""Ways to corrupt an export: each changes what it says, and each must be found."""

import base64
import json

from tests.factories.exports import b64


def _any(dice, bundle):
    return dice.choice([each for each in bundle.lines if isinstance(each, dict)])


def _header(change):
    def corrupt(dice, bundle):
        line = _any(dice, bundle)
        header = json.loads(base64.b64decode(line["header"]))
        change(dice, header)
        line["header"] = b64(json.dumps(header).encode())

    return corrupt


def _other(dice, text):
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def flip_header_bit(dice, bundle):
    line = _any(dice, bundle)
    raw = bytearray(base64.b64decode(line["header"]))
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    line["header"] = b64(bytes(raw))


def flip_item_bit(dice, bundle):
    item = dice.choice([item for line in bundle.lines for item in line["items"]])
    part = dice.randrange(2)
    raw = bytearray(base64.b64decode(item[part]))
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    item[part] = b64(bytes(raw))


def drop_item(dice, bundle):
    items = _any(dice, bundle)["items"]
    items.pop(dice.randrange(len(items)))


def add_item(dice, bundle):
    _any(dice, bundle)["items"].append([b64(dice.randbytes(32)), b64(b"another")])


def swap_items(dice, bundle):
    items = _any(dice, bundle)["items"]
    items[0], items[-1] = items[-1], items[0]


def move_border_of_salt_and_body(dice, bundle):
    items = _any(dice, bundle)["items"]
    salt, body = map(base64.b64decode, items[0])
    items[0] = [b64(salt[:-1]), b64(salt[-1:] + body)]


def other_digest(dice, bundle):
    items = _any(dice, bundle)["items"]
    items[dice.randrange(len(items))] = dice.randbytes(32).hex()


def upper_case_digest(dice, bundle):
    _any(dice, bundle)["items"][0] = "A" * 64


def delete_entry(dice, bundle):
    if bundle.about["scope"] == {"kind": "chain"}:
        bundle.lines.pop(dice.randrange(len(bundle.lines)))
    else:
        bundle.lines.clear()


def truncate_tail(dice, bundle):
    if bundle.about["scope"] == {"kind": "chain"}:
        del bundle.lines[-dice.randrange(1, len(bundle.lines)) :]
    else:
        bundle.lines[-1] = json.dumps(bundle.lines[-1]).encode()


def repeat_entry(dice, bundle):
    at = dice.randrange(len(bundle.lines))
    bundle.lines.insert(at, bundle.lines[at])


def swap_entries(dice, bundle):
    bundle.lines[0], bundle.lines[-1] = bundle.lines[-1], bundle.lines[0]


def renumber(dice, bundle):
    _any(dice, bundle)["seq"] += dice.choice([-1, 1, 10**6])


def odd_number(dice, bundle):
    line = _any(dice, bundle)
    line["seq"] = dice.choice([float(line["seq"]), str(line["seq"]), True, None, float("nan"), float("inf")])


def odd_size(dice, bundle):
    size = bundle.about["size"]
    bundle.about["size"] = dice.choice(
        [size + 1, size - 1, 0, -size, float(size), str(size), float("nan"), None]
    )


def other_origin(dice, bundle):
    bundle.about["origin"] = _other(dice, bundle.about["origin"])


def other_format(dice, bundle):
    bundle.about["format"] = "covalent-export/2"


def missing_member(dice, bundle):
    bundle.about.pop(dice.choice(list(bundle.about)))


def further_member(dice, bundle):
    dice.choice([bundle.about, _any(dice, bundle)])["more"] = 1


def wrong_shape(dice, bundle):
    target = dice.choice([bundle.about, _any(dice, bundle)])
    name = dice.choice([each for each in target if each != "made_at"])
    target[name] = dice.choice([None, [], {}, 7, "x", [[[]]]])
    if target is bundle.about and name == "witnesses" and not target[name] and target[name] is not None:
        target[name] = 7


def twice_a_member(dice, bundle):
    line = json.dumps(bundle.lines[0])
    bundle.lines[0] = line.replace('"seq"', '"seq": 1, "seq"', 1).encode() + b"\n"


def other_root(dice, bundle):
    bundle.about["checkpoint"] = bundle.about["checkpoint"].replace(
        bundle.about["checkpoint"].split("\n")[2], b64(dice.randbytes(32))
    )


def flip_note(dice, bundle):
    note = bundle.about["checkpoint"]
    at = dice.randrange(note.index("\n\n"))
    bundle.about["checkpoint"] = note[:at] + _other(dice, note[at]) + note[at + 1 :]


def forged_signature(dice, bundle):
    name = dice.choice([bundle.about["origin"], "witness.example"])
    lines = bundle.about["checkpoint"].split("\n")
    for at, line in enumerate(lines):
        if line.startswith(f"\u2014 {name} "):
            raw = bytearray(base64.b64decode(line.split(" ")[2]))
            raw[dice.randrange(4, len(raw))] ^= 1 << dice.randrange(8)
            lines[at] = f"\u2014 {name} {b64(bytes(raw))}"
    bundle.about["checkpoint"] = "\n".join(lines)


def no_signature(dice, bundle):
    text, _, below = bundle.about["checkpoint"].rpartition("\n\n")
    bundle.about["checkpoint"] = text + "\n\n" + "".join(below.splitlines(keepends=True)[1:])


def broken_key(dice, bundle):
    bundle.about["keys"] = [_other(dice, bundle.about["keys"][0]), ""]


def witness_key_for_the_log(dice, bundle):
    bundle.about["keys"] = bundle.about["witnesses"]


def no_key(dice, bundle):
    bundle.about["keys"] = []


def missing_file(dice, bundle):
    bundle.members[dice.choice(["verify.py", "FORMAT.md"])] = None


def further_file(dice, bundle):
    bundle.members[dice.choice(["../evil", "export.json/", "EXPORT.JSON"])] = b""


def no_json(dice, bundle):
    rubbish = [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":1e999}', b"null", b"NaN", b"1" * 10_000]
    if dice.random() < 0.5:
        bundle.about = dice.choice(rubbish)
    else:
        bundle.lines[0] = dice.choice(rubbish) + b"\n"


def empty_line(dice, bundle):
    bundle.lines.insert(dice.randrange(len(bundle.lines) + 1), b"\n")


def other_scope(dice, bundle):
    if bundle.about["scope"] == {"kind": "chain"}:
        bundle.about["scope"] = dice.choice([{"kind": "record", "record": "x"}, {"kind": "all"}, None, {}])
    else:
        bundle.about["scope"] = dice.choice(
            [{"kind": "chain"}, {"kind": "record"}, {"kind": "record", "record": 1}]
        )


def other_proof(dice, bundle):
    line = _any(dice, bundle)
    if "proof" not in line:
        line["proof"] = []
        return
    proof = line["proof"]
    how = dice.randrange(4)
    if how == 0:
        proof.append(b64(dice.randbytes(32)))
    elif how == 1:
        proof.pop()
    elif how == 2:
        proof[0] = b64(dice.randbytes(32))
    else:
        proof[-1] = b64(base64.b64decode(proof[-1])[:-1])


CORRUPTIONS = [
    flip_header_bit, flip_item_bit, drop_item, add_item, swap_items, move_border_of_salt_and_body,
    other_digest, upper_case_digest, delete_entry, truncate_tail, repeat_entry, swap_entries, renumber,
    odd_number, odd_size, other_origin, other_format, missing_member, further_member, wrong_shape,
    twice_a_member, other_root, flip_note, forged_signature, no_signature, broken_key,
    witness_key_for_the_log, no_key, missing_file, further_file, no_json, empty_line, other_scope,
    other_proof,
    _header(lambda dice, header: header.update(kind="another.kind")),
    _header(lambda dice, header: header.update(sealed_at="2020-01-01T00:00:00.000000Z")),
    _header(lambda dice, header: header.update(seat="Somebody else")),
    _header(lambda dice, header: header["items"].pop()),
    _header(lambda dice, header: header.update(parts={"count": "0", "root": "00" * 32})),
]  # fmt: skip
