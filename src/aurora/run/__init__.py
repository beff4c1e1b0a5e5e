"""A run's folder: what it holds, what each part was made from, and whether anything has changed since.

`folder` owns every path of a run and `lock` keeps a second process away; `working` is where a step writes until it is
finished; `manifest` records what a step read, did and wrote; `seal` lists the parts of a run, with hashes; `opening`
finds a run's recipe and checkpoints, and `verify` names what is missing, altered or extra.
"""
