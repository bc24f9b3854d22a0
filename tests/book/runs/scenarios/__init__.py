"""The programs of the runs, one file a chapter or two."""
