"""The commands that members type after a slash; ``table.obey`` runs one command."""
