"""Three whole nodes on a simulated network with one engine, dozens of members, and faults."""
