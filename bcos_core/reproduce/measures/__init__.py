"""What the README's figures that no grid has are measured by: a file for what is measured together."""
