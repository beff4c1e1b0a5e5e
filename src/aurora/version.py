"""The version of Aurora, read here by the package, the manifests and the build."""

__version__ = "0.1.0"
