"""One small connection per database; each imports its driver only when it is opened."""
