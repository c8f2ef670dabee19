"""The published data sets, one file each: what is known of it as SPEC, and `load`, which reads it.

`archdsl check` reads each SPEC, so that a file imports numpy, and what else it reads images with, inside of `load`.
"""
