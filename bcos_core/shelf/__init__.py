"""The shelf of models: what hangs on one, and putting it away so that it can be taken back."""
