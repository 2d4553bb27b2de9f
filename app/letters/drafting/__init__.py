"""What a draft of a territory asks: communes with their holders, EPCI, what is free."""
