"""Every delivery order of every history of a family, on the real mediation code."""
