# A thin wrapper: everything is in scripts/dev.py, which needs Python alone.
# Without make, run what a target runs: python3 scripts/dev.py demo

PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format site bench conformance fuzz clean

help setup demo test lint format site bench conformance fuzz clean:
	@$(PYTHON) scripts/dev.py $@
