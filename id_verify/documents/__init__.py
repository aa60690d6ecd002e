"""A paper under the document camera: found, straightened, cleaned, turned upright and judged.

`words` needs nothing but Python; everything else needs the extra `kiosk`, and `card` to read which
way up the text is.
"""
