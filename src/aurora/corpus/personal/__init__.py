"""Personal data and secrets: found, counted by type, and masked.

`places` passes over the bytes once and finds the few places worth a pattern; `patterns` holds the checked patterns of
`languages/` and of `data/personal_data.yaml`, `beginnings` what secrets begin with, `check_digits` the tests that a
number is what its form says. `find` puts them together; `masking` and `fakes` replace what was found.
"""
