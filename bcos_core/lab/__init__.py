"""The planted-truth lab: shortcuts that are put into the training data, so that the right explanation is known."""
