"""A run's folder: what it has, what each thing was made from, and whether it still is as it was written.

`folder` finds things in a run; `working` is where a step writes until it is finished; `manifest` says what a step read,
did and wrote; `seal` lists what a run is made of, with hashes, and `verify` tells what of it is missing, altered or
extra.
"""
