"""The FHIR R4 face of the record, as OpenMRS's module fhir2 shows it: read and searched."""
