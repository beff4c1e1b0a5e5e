"""The report: its data (report.json) and the page made from it alone."""
