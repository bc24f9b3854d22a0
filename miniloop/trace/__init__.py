"""What a loop does, told step by step."""
