"""The rules this project is held to: each is named after the failure it prevents."""
