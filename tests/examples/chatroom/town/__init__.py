"""The whole chat room on a simulated network, dozens of people in it, and what must hold."""
