"""How the pipeline runs: consumers, relay, command line. It may import services and schemas."""
