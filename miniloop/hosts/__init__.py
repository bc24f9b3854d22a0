"""A whole loop as the guest of another one."""
