"""The project as a whole: who is who, who calls whom, and what a call costs."""
