"""Legal notice, personal data, accessibility, help; what robots and previews ask for."""
