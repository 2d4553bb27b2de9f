"""What Prometheus reads: the instruments of all workers, and the state of the registry."""
