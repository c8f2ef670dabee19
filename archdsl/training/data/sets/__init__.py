"""The published data sets, one file each: its facts as SPEC, and `load`, which reads it.

`archdsl check` reads each SPEC, so a file imports numpy and other packages for reading images inside `load`.
"""
