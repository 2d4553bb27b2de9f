"""Saved searches of a member, and the page that stops the mail of one."""
