"""Aurora: turn an open base model into your languages and your safety policy, and prove what you did."""

import os

__version__ = "0.1.0"

# Read once, when torch loads OpenMP: threads that spin while they wait cut a shared machine's speed to a third.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
