"""The territory builder: a territory put together on a map and judged at each change."""
