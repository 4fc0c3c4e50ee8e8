"""Every operation of the API, one class per resource; the clients are made of these."""
