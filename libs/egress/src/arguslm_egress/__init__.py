"""Where our own connections may go, and how a name becomes an address."""
