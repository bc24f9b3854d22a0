"""What docs/inside/ starts from, and the solutions of its exercises; each file runs."""
