"""The diagnostics of programs: one class for each code, with its page and examples; one file for each family.

Those of lints (W09) are with the lints, in archdsl/analysis/lint/; archdsl/analysis/codes.py lists all.
"""
