"""Programs built on miniloop: the chat room, the benchmark and small single-file servers."""
