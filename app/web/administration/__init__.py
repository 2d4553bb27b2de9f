"""`/administration`: where administrators, and agents for their region, keep the register."""
