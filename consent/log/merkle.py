"""Merkle trees over log entries: hashes, roots, and proofs with their verification (RFC 6962, RFC 9162)."""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH = 32
EMPTY_ROOT = sha256(b"").digest()

# The hash of the complete subtree over leaves [index * 2**level, (index + 1) * 2**level).
GetHash = Callable[[int, int], bytes]


class ProofInvalid(Exception):
    """A proof does not prove what it is said to prove."""


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes (RFC 6962 §2.1); the last may stand for a smaller tree than the others."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        # An odd last node rises as it is: the split is at the largest power of two.
        odd = level[-1:] if len(level) % 2 else []
        level = [*map(node_hash, level[0::2], level[1::2]), *odd]
    return level[0]


def root_of(size: int, *, get_hash: GetHash) -> bytes:
    """The root of a whole tree from its complete subtrees."""
    return _join(_complete_subtrees(0, size), get_hash=get_hash) if size else EMPTY_ROOT


def inclusion_proof(size: int, *, index: int, get_hash: GetHash, level: int = 0) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of a tree of `size`, the leaf's sibling first.

    At a higher level, those that lead on from the complete subtree (level, index).
    """
    if not 0 <= index < size >> level:
        raise ValueError(f"There is no complete subtree {index} of level {level} in a tree of size {size}.")
    return _path(size, index=index, level=level, get_hash=get_hash)


def consistency_proof(size: int, *, old_size: int, get_hash: GetHash) -> list[bytes]:
    """The hashes that prove the tree of `old_size` to be the beginning of the tree of `size`."""
    if not 0 <= old_size <= size:
        raise ValueError(f"A tree of size {old_size} is not the beginning of one of size {size}.")
    if old_size in (0, size):
        return []
    level = _trailing_zeros(old_size)
    last = (old_size >> level) - 1
    # The old tree's last complete subtree, unless it is the whole old tree, whose root the verifier has.
    start = [get_hash(level, last)] if last else []
    return start + _path(size, index=last, level=level, get_hash=get_hash)


def verify_inclusion(
    leaf: bytes, *, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> None:  # RFC 9162 §2.1.3.2
    """Raise ProofInvalid unless `proof` proves the leaf hash to be leaf `index` of the tree."""
    _check_hashes(leaf, root, *proof)
    if not 0 <= index < size:
        raise ProofInvalid(f"There is no leaf {index} in a tree of size {size}.")
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("The inclusion proof has too many hashes.")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            step = _trailing_zeros(node)  # levels on which the node is a lone right end
        else:
            found = node_hash(found, sibling)
            step = 0
        node >>= step + 1
        last >>= step + 1
    if last:
        raise ProofInvalid("The inclusion proof has too few hashes.")
    if found != root:
        raise ProofInvalid("The inclusion proof does not lead to the root.")


def verify_consistency(
    *, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:  # RFC 9162 §2.1.4.2
    """Raise ProofInvalid unless `proof` proves the old tree to be the beginning of the new one."""
    _check_hashes(old_root, root, *proof)
    if not 0 <= old_size <= size:
        raise ProofInvalid(f"A tree of size {old_size} is not the beginning of one of size {size}.")
    if old_size in (0, size):
        _check_trivial(old_size, old_root=old_root, size=size, root=root, proof=proof)
        return
    hashes = list(proof)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofInvalid("The consistency proof has too few hashes.")
    step = _trailing_zeros(old_size)
    node, last = (old_size - 1) >> step, (size - 1) >> step
    found_old = found = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofInvalid("The consistency proof has too many hashes.")
        if node & 1 or node == last:
            found_old = node_hash(sibling, found_old)
            found = node_hash(sibling, found)
            step = _trailing_zeros(node)
        else:
            found = node_hash(found, sibling)
            step = 0
        node >>= step + 1
        last >>= step + 1
    if last:
        raise ProofInvalid("The consistency proof has too few hashes.")
    if found_old != old_root:
        raise ProofInvalid("The consistency proof does not lead to the old root.")
    if found != root:
        raise ProofInvalid("The consistency proof does not lead to the new root.")


def _check_trivial(old_size: int, *, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Every tree is its own beginning, and the empty tree is the beginning of every tree."""
    if proof:
        raise ProofInvalid("The consistency proof has too many hashes.")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise ProofInvalid("The old root is not that of an empty tree.")
    if old_size == size and old_root != root:
        raise ProofInvalid("Two trees of one size have different roots.")


def _check_hashes(*hashes: bytes) -> None:
    if any(len(each) != HASH for each in hashes):
        raise ProofInvalid(f"A hash does not have {HASH} bytes.")


def _path(size: int, *, index: int, level: int, get_hash: GetHash) -> list[bytes]:
    """The siblings on the way from the complete subtree (level, index) to the root."""
    last = (size - 1) >> level
    proof = []
    while last:
        sibling = index ^ 1
        if sibling < last:
            proof.append(get_hash(level, sibling))
        elif sibling == last:  # the right end of the tree, complete or not
            proof.append(_join(_complete_subtrees(sibling << level, size), get_hash=get_hash))
        index >>= 1
        last >>= 1
        level += 1
    return proof


def _complete_subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees (level, index) that make up leaves [start, end), where start begins a subtree."""
    subtrees = []
    while start < end:
        level = (end - start).bit_length() - 1
        subtrees.append((level, start >> level))
        start += 1 << level
    return subtrees


def _join(subtrees: list[tuple[int, int]], *, get_hash: GetHash) -> bytes:
    *rest, last = [get_hash(level, index) for level, index in subtrees]
    for left in reversed(rest):
        last = node_hash(left, last)
    return last


def _trailing_zeros(number: int) -> int:
    """How many levels a node can rise as a right-hand one: the zeros at the end of its number (not 0)."""
    return (number & -number).bit_length() - 1
