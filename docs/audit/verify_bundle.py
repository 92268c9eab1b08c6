#!/usr/bin/env python3
"""Verifies a bundle of Throughline's ledger with nothing of Throughline installed.

    verify_bundle.py BUNDLE KEY [STATEMENT ...]

BUNDLE is the folder that `throughline audit export` wrote; KEY a file with the ledger's public key, which you should have from
somewhere else than the bundle; STATEMENT any signed statement that you kept from before, or that somebody else was given.

Written from the public formats alone: RFC 6962 (trees), RFC 8032 (Ed25519), C2SP signed-note, tlog-checkpoint and tlog-tiles, and the
page README.md in the bundle. It needs Python 3.8 and its standard library. Where the package `cryptography` is installed it checks the
signatures; otherwise the forty lines below do, more slowly.

Exit code 0: everything is as it was signed. 4: something is not, and each line says where and what. 2: it could not be verified.
"""

import base64
import hashlib
import os
import struct
import sys

WIDTH = 256
ENTRY_BYTES = 81
WINDOW = 1024


# ---- Ed25519, RFC 8032 section 5.1: verification only --------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def point_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_mul(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * SQRT_M1 % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point_decompress(BASE_Y.to_bytes(32, "little"))


def verify_by_hand(public, message, signature):
    a, r, s = point_decompress(public), point_decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or len(signature) != 64:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    one, other = point_mul(s, BASE), point_add(r, point_mul(k, a))
    return not ((one[0] * other[2] - other[0] * one[2]) % P or (one[1] * other[2] - other[1] * one[2]) % P)


def ed25519(public, message, signature):
    if os.environ.get("VERIFY_BY_HAND") != "1":
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

            try:
                Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
                return True
            except InvalidSignature:
                return False
        except ImportError:
            pass
    return verify_by_hand(public, message, signature)


# ---- Signed notes (C2SP signed-note) --------------------------------------------------------------------------------


class Unbelievable(Exception):
    pass


class Key:
    """A public key: `name+id+base64(0x01, key)`."""

    def __init__(self, text):
        self.text = text.strip()
        self.name, key_id, encoded = self.text.split("+", 2)
        key = base64.b64decode(encoded, validate=True)
        if key[0] != 1 or len(key) != 33:
            raise Unbelievable("a key is no Ed25519 key for notes")
        self.public = key[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + key).digest()[:4]
        if self.id.hex() != key_id:
            raise Unbelievable("a key's id is not its own")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def parse_note(data):
    try:
        whole = data.decode("utf-8")
        text, below = whole[: whole.rindex("\n\n") + 1], whole[whole.rindex("\n\n") + 2 :]
    except ValueError as error:
        raise Unbelievable("a file is no signed note") from error
    signatures = []
    for line in below.splitlines():
        dash, name, encoded = (line.split(" ") + ["", "", ""])[:3]
        try:
            signature = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise Unbelievable("a line below a note is no signature") from error
        if dash != "\u2014":
            raise Unbelievable("a line below a note is no signature")
        signatures.append((name, signature[:4], signature[4:]))
    return text, signatures


def signers(text, signatures, keys):
    """Those of the keys that signed it. A signature that says it is of one of them, and is not, spoils the note."""
    found = []
    for name, key_id, signature in signatures:
        for key in keys:
            if (key.name, key.id) == (name, key_id):
                if not ed25519(key.public, text.encode(), signature):
                    raise Unbelievable("a signature of a note does not hold")
                found.append(key)
    return found


def keys_from(trusted, notes):
    """Every key that the trusted one leads to: each rotation names two keys, and both have signed it."""
    rotations = []
    for text, signatures in notes:
        lines = text.splitlines()
        if len(lines) != 5 or lines[1] != "throughline ledger key rotation v1":
            raise Unbelievable("a note among the keys is no rotation")
        old, new = Key(lines[3].split("from ", 1)[1]), Key(lines[4].split("to ", 1)[1])
        if len(signers(text, signatures, [old, new])) != 2:
            raise Unbelievable("a rotation is not signed by both keys")
        rotations.append((old, new))
    for one in rotations:
        for other in rotations:
            same = [one[n].text == other[n].text for n in (0, 1)]
            if any(same) and not all(same):
                raise Unbelievable("a key was followed by two others")
    keys = {trusted.text: trusted}
    while True:
        more = [(o, n) for o, n in rotations if (o.text in keys) != (n.text in keys)]
        if not more:
            return list(keys.values())
        for old, new in more:
            keys[old.text], keys[new.text] = old, new


# ---- Statements and trees --------------------------------------------------------------------------------------------


def statement(data, keys):
    """A statement that the ledger signed: when, and of each tree its size and root."""
    text, signatures = parse_note(data)
    lines = text.splitlines()
    if len(lines) < 3 or lines[1] != "throughline ledger v1" or not lines[2].startswith("time "):
        raise Unbelievable("a note is no statement of a ledger")
    if not signers(text, signatures, [key for key in keys if key.name == lines[0]]):
        raise Unbelievable("a statement is not signed by a trusted key")
    heads = {}
    for line in lines[3:]:
        tree, size, root, _ = line.split(" ")
        heads[tree] = (int(size), base64.b64decode(root, validate=True))
    return lines[0], int(lines[2][5:]), heads


def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows by one leaf at a time; holds the roots of its complete subtrees."""

    def __init__(self):
        self.size, self.edge = 0, []

    def append(self, leaf):
        completed, size, height = [leaf], self.size, 0
        while size & 1:
            leaf = node(self.edge.pop(), leaf)
            completed.append(leaf)
            size >>= 1
        self.edge.append(leaf)
        self.size += 1
        return completed  # by height

    def root(self):
        if not self.edge:
            return hashlib.sha256(b"").digest()
        root = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            root = node(left, root)
        return root


def root_of(leaves):
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def tile(folder, level, index):
    """The bytes of a tile: the full one, or the widest partial one; nothing where there is none."""
    digits = ["%03d" % (index % 1000)]
    while index >= 1000:
        index //= 1000
        digits.insert(0, "x%03d" % (index % 1000))
    path = os.path.join(folder, "tile", level, *digits)
    if os.path.isfile(path):
        return read(path)
    widths = [int(name) for name in os.listdir(path + ".p")] if os.path.isdir(path + ".p") else []
    return read(os.path.join(path + ".p", str(max(widths)))) if widths else b""


def hashes(folder, level):
    """The recorded hashes of a level, in order, as far as they go."""
    found, index = [], 0
    while True:
        data = tile(folder, str(level), index)
        found += [data[at : at + 32] for at in range(0, len(data) - len(data) % 32, 32)]
        if len(data) != WIDTH * 32:
            return found
        index += 1


def entries(folder):
    """The log entries, in order, as far as they go."""
    index = 0
    while True:
        data, at, count = tile(folder, "entries", index), 0, 0
        while at + 2 <= len(data) and count < WIDTH:
            (length,) = struct.unpack_from(">H", data, at)
            if at + 2 + length > len(data):
                return
            yield data[at + 2 : at + 2 + length]
            at, count = at + 2 + length, count + 1
        if count < WIDTH:
            return
        index += 1


def moved(entry, offset):
    """The leaf hash that this record would have at another offset."""
    return leaf_hash(entry[:1] + struct.pack(">Q", offset) + entry[9:])


def what_was_done(at, found, recorded, signed):
    """Names what was done at the first offset that is not as recorded."""
    if not found or not recorded:
        return "truncated: the partition ends here, and %d records were signed" % signed
    stood = [n for n in range(1, len(recorded)) if moved(found[0], at + n) == recorded[n]]
    stands = [n for n in range(1, len(found)) if moved(found[n], at) == recorded[0]]
    if stood and stands and stood[0] == stands[0]:
        return "swapped: this record and the one at offset %d have changed places" % (at + stood[0])
    if stood:
        return "deleted: %d record(s) that were signed are gone from here" % stood[0]
    if stands:
        return "inserted: %d record(s) that were not signed stand here" % stands[0]
    return "changed: the record is not the one that was signed"


def verify_tree(folder, name, points):
    """Holds one tree to all that was said of it. Gives how many records it has, and what is not as it was signed."""
    most = max(size for size, _, _ in points)
    recorded, found, tree = hashes(folder, 0), [], Tree()
    above, differs_above, roots = {}, None, {}
    for entry in entries(folder):
        if tree.size == most:
            break
        found.append(entry)
        for height, root in enumerate(tree.append(leaf_hash(entry))):
            if height and height % 8 == 0:
                level = height // 8
                if level not in above:
                    above[level] = hashes(folder, level)
                index = (tree.size >> height) - 1
                if above[level][index : index + 1] != [root] and differs_above is None:
                    differs_above = index << height
        if any(size == tree.size for size, _, _ in points):
            roots[tree.size] = tree.root()
    good = [point for point in points if roots.get(point[0]) == point[1]]
    bad = sorted(point for point in points if point not in good)
    leaves = [leaf_hash(entry) for entry in found]
    differs = next((n for n, leaf in enumerate(leaves) if recorded[n : n + 1] != [leaf]), None)
    if not bad:
        at = differs if differs is not None else differs_above
        if at is not None:
            return tree.size, "%s@%d: tiles: the recorded hashes are not those that were signed" % (name, at)
        return tree.size, None
    size, root, when = bad[0]
    agreed = max([point[0] for point in good if point[0] < size], default=0)
    rivals = [p[2] for p in good if p[0] >= size or p[2] > when] or [p[2] for p in points if p[0] == size and p[1] != root]
    if rivals:
        one, other = sorted([when, rivals[-1]])
        what = "forked: the statements signed at %d and at %d are of two different histories" % (one, other)
        return tree.size, "%s@%d..%d: %s" % (name, min(agreed, tree.size), size, what)
    for signed, root, _ in reversed(bad):
        if len(recorded) >= signed and root_of(recorded[:signed]) == root:
            at = differs if differs is not None else tree.size
            what = what_was_done(at, found[at : at + WINDOW], recorded[at : min(signed, at + WINDOW)], signed)
            return tree.size, "%s@%d: %s" % (name, at, what)
    if tree.size < size:
        what = "truncated: the partition ends here, and %d records were signed" % size
        return tree.size, "%s@%d: %s" % (name, tree.size, what)
    return tree.size, "%s@%d..%d: changed: these records are not those that were signed" % (name, agreed, size)


def verify(bundle, key, others):
    trusted = Key(read(key).decode().splitlines()[0])
    folder = os.path.join(bundle, "keys")
    rotations = [read(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.endswith(".note")]
    keys = keys_from(trusted, [parse_note(data) for data in rotations])
    kept = os.path.join(bundle, "statements")
    paths = [os.path.join(kept, name) for name in sorted(os.listdir(kept))] if os.path.isdir(kept) else []
    paths = [path for path in paths if path.endswith(".note")] + [os.path.join(bundle, "statement")] + list(others)
    said = [statement(read(path), keys) for path in paths]
    points = {}
    for _, signed_at, heads in said:
        for tree, (size, root) in heads.items():
            points.setdefault(tree, []).append((size, root, signed_at))
    records, problems = 0, []
    for tree in sorted(points):
        count, problem = verify_tree(os.path.join(bundle, "trees", tree), tree, points[tree])
        records += count
        problems += [problem] if problem else []
    origin, signed_at, heads = max(said, key=lambda one: (one[1], sum(size for size, _ in one[2].values())))
    for tree, (size, root) in heads.items():
        try:
            text, signatures = parse_note(read(os.path.join(bundle, "trees", tree, "checkpoint")))
            expected = "%s/%s\n%d\n%s\n" % (origin, tree, size, base64.b64encode(root).decode())
            holds = text == expected and signers(text, signatures, keys)
        except (OSError, Unbelievable):
            holds = False
        if not holds:
            problems.append("%s: missing: its checkpoint is not there, or is not what the statement says" % tree)
    return len(points), records, len(said), signed_at, problems


def main(arguments):
    if len(arguments) < 2:
        print(__doc__)
        return 2
    try:
        trees, records, statements, signed_at, problems = verify(arguments[0], arguments[1], arguments[2:])
    except (Unbelievable, OSError, ValueError, IndexError) as error:
        print("verify_bundle: cannot be believed: %s" % error)
        return 4 if isinstance(error, Unbelievable) else 2
    for problem in problems:
        print("verify_bundle: %s" % problem)
    if problems:
        return 4
    print("verify_bundle: ok trees=%d records=%d statements=%d signed_at=%d" % (trees, records, statements, signed_at))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
