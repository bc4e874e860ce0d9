"""What a site costs this machine: seconds of `up` and `down`, idle CPU, memory, disk."""
