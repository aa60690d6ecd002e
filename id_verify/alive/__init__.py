"""Is a living person in front of the camera, here and now: cues, what was seen, the verdict on it."""
