"""Reads of ROMs in a pass that wait for each other."""

from __future__ import annotations

from gatewright.lint.llvm.accesses import Access, Home
from gatewright.lint.llvm.body import PassBody


def longest_chain(body: PassBody) -> list[Access]:
    """The most reads of ROMs of which each needs what another one has given."""
    roms = {node: access for access, node in body.accesses if access.home is Home.ROM}
    count = [0] * len(body.graph)
    before: list[int] = [-1] * len(body.graph)
    for node, operator in enumerate(body.graph):
        for other in operator.operands:
            if count[other] > count[node]:
                count[node], before[node] = count[other], other
        count[node] += node in roms
    node = max(range(len(count)), key=count.__getitem__)
    chain: list[Access] = []
    while node >= 0:
        if node in roms:
            chain.append(roms[node])
        node = before[node]
    return chain[::-1]
