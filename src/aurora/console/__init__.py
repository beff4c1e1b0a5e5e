"""What a user sees on the terminal, and the signals that come from there.

`terminal` writes lines, freed of control characters that a text may hold; `progress` and `tables` write through it.
`signals` answers Ctrl-C and SIGTERM. Data for programs (`--json`) goes to standard output, all else to standard error.
"""
