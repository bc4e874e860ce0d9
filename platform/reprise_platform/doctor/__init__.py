"""What this machine has and lacks for a site: tried, judged, told."""
