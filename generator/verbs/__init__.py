"""What people type: one room a subject, each verb a function that `generator.cli` registers.

Heavy modules are imported inside the verbs, so that `covey --help` answers at once.
"""
