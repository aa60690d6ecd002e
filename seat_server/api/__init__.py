"""What is not live: REST under /api, typed both ways, described by its own OpenAPI document."""
