"""A pretend AWS and Google Cloud for the real Pulumi engine: no account, no network, no plugin to download.

The engine starts what `plugins` writes; everything else here runs inside those processes.
"""
