"""Experiments: each one command, resumable, with its controls."""
