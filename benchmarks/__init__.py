"""The service beside its peers, as ratios within one run. See docs/benchmarks.md."""
