"""The parts of ``examples/redis_client.py``."""
