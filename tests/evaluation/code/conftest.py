"""Whether programs can be jailed here."""

from evaluation.sandbox.conftest import bubblewrap as bubblewrap
