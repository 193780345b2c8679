"""What an emitted project consists of: data spelled by templates, and the program copied as it is."""
