"""The clinics at work: journeys, arrivals, synthetic patients, write ledger, prober."""
