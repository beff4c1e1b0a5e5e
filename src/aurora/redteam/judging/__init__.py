"""What verdicts are worth: judges beside people, and judges other than the rules.

    answers with labels of people -> labelled -> agreement -> calibration, a file that reports carry

`labelled` reads what people have judged, `agreement` computes kappa, `calibration` holds what came out, and `worth` is
what of it stands beside figures. `learned` is a small judge of a user's own labels (`features`); `asked` asks a model
by a `rubric`, which may be `behind` an endpoint; and `named` finds whichever is meant. The rules themselves are
`aurora.redteam.judge`; what they are worth is `rules.json`.
"""
