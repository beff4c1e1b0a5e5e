"""Aurora: turn an open base model into your languages and your safety policy, and prove what you did."""

__version__ = "0.1.0"
