"""The paths of the REST module, one file a resource."""
