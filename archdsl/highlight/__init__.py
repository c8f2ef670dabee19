"""Highlighting `.arch` texts: one set of rules, as a Pygments lexer and as a TextMate grammar."""
