"""SQL: tables, units of work, and every query. Statements live here and nowhere else."""
