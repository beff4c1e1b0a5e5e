"""The commands, one module per group: `starting` (init), `checking` (check), `carrying_out` (run, train), `corpus`,
`tokens`, `redteam`, `checkpoints` (export, import, chat), `evaluating` (evaluate), `results` (report, verify) and
`looking_up` (ls, schema, env); what several share is in `options`.

A command reads its arguments, calls `aurora.api` and writes what it gives; it imports that when it runs, so that
`aurora --help` answers at once.
"""
