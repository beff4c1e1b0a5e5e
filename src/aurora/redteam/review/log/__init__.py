"""The review log: events that are only ever added, each tied to the one before, and the state that follows from them.

    values -> contents -> event -> chain (links, signatures) -> file
                            event -> replay -> state (items, reviews, status, undo and redo)

`replay.apply` is the only way in which a state changes, so whoever replays a log reaches the state its writers saw.
"""
