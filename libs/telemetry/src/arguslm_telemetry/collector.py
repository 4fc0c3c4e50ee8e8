"""Python's garbage collector, for a process that lives long and makes much that soon dies."""

import gc

_NEW_OBJECTS, _YOUNG, _MIDDLE = 50_000, 20, 100
"""How many make a collection of the young, of these one of the middle, of these one of all."""


def tame_collector() -> None:
    """What the imports have made stays, so it is looked at no more; what events become dies without
    the collector, by its counts of references, so cycles are looked for seldom.

    By Python's own settings a fold of checks spends a seventh of its time looking for garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG, _MIDDLE)
