"""The analytics application's runtime: streams in, a SQL engine in the middle, streams out, state kept in S3.

The local cloud runs it as it lies in the application's package; nothing here knows of the local cloud.
"""
