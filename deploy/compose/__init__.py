"""The whole system on one machine: what compose.yaml mounts into its containers."""
