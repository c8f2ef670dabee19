"""Images that are decoded and augmented in every epoch, by processes of their own, with bounded memory."""
