"""Evidence, not a boolean. Pure: no numpy, no OpenCV, no network; server and kiosk share it.

What is public is named by its file: `consent`, `verdict`, `grade`, `signature`, `holder`.
"""
