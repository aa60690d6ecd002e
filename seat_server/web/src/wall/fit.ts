/** How many of `count` rows to show where `room` fit; one place is kept to say how many more. */
export function rowsThatFit(count: number, room: number): number {
  return count <= room ? count : Math.max(0, room - 1)
}
