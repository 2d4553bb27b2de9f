"""Pages that a link in a mail leads to: invitation, new password, new address."""
