"""Does what ships run as it ships? The image, the Compose stack, the manifests, a restore."""
