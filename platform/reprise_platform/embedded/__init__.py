"""The embedded provider: a real multi-zone Kubernetes in namespaces of this machine."""
