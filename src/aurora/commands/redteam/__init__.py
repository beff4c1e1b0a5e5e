"""The commands of `aurora redteam`: `generating` (the group itself, and generate), `drafting` (vary, draft, translate),
`reviewing` (review, export, lint, verify), `changing` (diff) and `judging` (judge)."""
