"""The resident identity card: its number, its data, and the ways to read it.

`number`, `region`, `words`, `errors` and `card_data` need nothing but Python, so a hall without
OpenCV can check what a booth has read; reading a picture needs the extras `kiosk` and `card`.
"""
