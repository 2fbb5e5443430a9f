"""Benchmarks: `./run bench NAME [--json] [--quick]`. Modules whose name begins with `_` are parts of others."""
