"""Ways to tell people: a webhook, or one of Apprise's services."""
