"""Syntax highlighting for `.arch`: one set of rules, used by a Pygments lexer and a TextMate grammar."""
