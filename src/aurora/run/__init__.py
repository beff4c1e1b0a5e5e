"""A run's folder: what it has, what each thing was made from, and whether it still is as it was written.

`folder` owns every path of a run and `lock` keeps a second process away; `working` is where a step writes until it is
finished; `manifest` says what a step read, did and wrote; `seal` lists what a run is made of, with hashes; `opening`
gives out a run's recipe and checkpoints, and `verify` tells what of a run is missing, altered or extra.
"""
