"""What keeps the pages true: excerpts, experiments, transcripts, breakages, pictures."""
