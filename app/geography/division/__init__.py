"""A commune that several CPTS share is divided into parts, which are units from then on."""
