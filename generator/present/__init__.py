"""What people and programs read of a plan: documents, terminal text, the report page."""
