"""Controls of the experiments: what records a run, and what refuses an unsafe one."""
