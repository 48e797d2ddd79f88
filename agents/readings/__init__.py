"""What few demonstrations leave open, and how many different answers there are."""
