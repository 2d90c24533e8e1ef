"""Chain of custody as EPCIS 2.0: read from JSON-LD and XML, checked, hashed, written (GS1 EPCIS, CBV)."""
