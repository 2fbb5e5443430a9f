"""A story that two nodes play on one machine, with invented persons, every step checked."""
