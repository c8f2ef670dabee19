"""The pages of diagnostics: what each code means, with examples that run."""
