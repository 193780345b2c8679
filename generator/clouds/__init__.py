"""Asks AWS and Google Cloud: who is logged in, for how long an answer is waited for, and what a refusal is called.

Each cloud's client is an extra of covey, so `amazon` and `google` are imported where something runs there.
"""
