"""Is a living person in front of the camera, here and now."""
