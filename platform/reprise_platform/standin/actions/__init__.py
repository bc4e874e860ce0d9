"""What clients change: each action reads its body, checks as OpenMRS does, and writes."""
