"""The real runner, relay and mediation in a simulated world: one thread, one seed, one run."""
