"""The whole chat room on a simulated network, with dozens of people, and its invariants."""
