"""Fonts for figures: reading outlines, embedding the glyphs of a text, finding a font that has them."""
