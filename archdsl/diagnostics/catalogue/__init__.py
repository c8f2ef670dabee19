"""Every diagnostic: one class a code, with its page and its examples. One file a family, by the code's first digits."""
