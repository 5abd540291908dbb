"""Small networks to train from nothing, as factories for `model.source`, one a file."""
