"""The whole service under faults, on a virtual clock, from a seed.

Power cuts between any two writes, lost answers, repeated and reordered commands, two servers at
once, clocks set forward and back.
"""
