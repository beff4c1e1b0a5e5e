"""Personal data and secrets: found, counted by type, and masked.

`definitions` puts together what the files of languages and `data/personal_data.yaml` say, and `patterns` checks and
compiles it; `beginnings` tells how a secret begins, `check_digits` whether a number is what its form says. `places`
passes over the bytes once and finds the few places worth a pattern: runs of digits (`numbers`), of letters and digits
(`codes`), ends of `addresses`, and what is `sought` besides. `find` puts both together on text as patterns see it
(`folded_text`); `masking` and `fakes` replace what was found.
"""
