"""The shapes of the REST API under /api/v1, shared by the query API and the SDK.

What ArgusLM 0.x had keeps its names; everything new is an added field or an added shape.
"""
