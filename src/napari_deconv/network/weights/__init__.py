"""Trained networks, with their list and their model card."""
