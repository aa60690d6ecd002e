"""Is the face before the camera the face on the card: measured, graded, never a yes by default.

`words`, `face_match` and `errors` need nothing but Python, so a hall without OpenCV can read what a
booth found; everything else needs the extras `kiosk` and `face`.
"""
