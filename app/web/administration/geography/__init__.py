"""The geography: the release that is loaded, and what another one would change."""
