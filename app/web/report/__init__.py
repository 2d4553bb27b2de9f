"""The yearly report: where the deployment stands on a day, and what changed in a year."""
