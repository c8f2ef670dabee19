"""The pages of diagnostics: what each code means, with the output of its examples."""
