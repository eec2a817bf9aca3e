"""The sync engine against everything that can go wrong, one seed a story: `python -m waymark_sync.simulate`.

Driven are the real core, the real outbox and its statements, the real answers and codec, and the real rules
of intake. Stood in for: encryption and signatures (hashes, checked at the same places), the network, the
disks, the clocks, and the people.
"""
