"""Every figure that is claimed, measured again by one command: the paper's grid, and those of the README."""
