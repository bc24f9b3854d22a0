"""The chat room of docs/tutorial/ in five steps; each file is a whole program."""
