"""Images that are decoded and augmented in every epoch, by separate processes, with bounded memory."""
