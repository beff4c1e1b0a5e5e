"""The version of Aurora, which the package, the manifests and the builds of the project read here."""

__version__ = "0.1.0"
