/** A circle as a path, so that every icon is a list of paths. */
const circle = (x: number, y: number, r: number): string =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`

/** Line drawings on a 24 × 24 grid: stroked, never filled, two units wide. */
export const ICONS = {
  // what the buttons do
  back: ['M14.5 5 7.5 12l7 7'],
  up: ['M5 15.5 12 8.5l7 7'],
  down: ['M5 8.5l7 7 7-7'],
  close: ['M6 6l12 12', 'M18 6 6 18'],
  check: ['M5 12.5 10 17.5 19.5 7'],
  search: [circle(10.5, 10.5, 6), 'M15 15l5.5 5.5'],
  backspace: ['M9 5h11v14H9L3 12z', 'M12 9.5l5 5', 'M17 9.5l-5 5'],
  help: [
    circle(12, 7.5, 3.5),
    'M4.5 20.5c.6-4.4 3.4-6.5 7.5-6.5s6.9 2.1 7.5 6.5',
    'M5.5 8.5C5.5 4.5 8.2 2 12 2s6.5 2.5 6.5 6.5v1.5',
  ],
  ticket: ['M4 6h16v4a2 2 0 0 0 0 4v4H4v-4a2 2 0 0 0 0-4z', 'M14.5 6.5v2', 'M14.5 11v2', 'M14.5 15.5v2'],
  leave: ['M14 4H5v16h9', 'M10 12h10.5', 'M17 8.5l3.5 3.5-3.5 3.5'],
  people: [
    circle(9, 8, 3.2),
    'M2.5 20c.4-4 2.9-6 6.5-6s6.1 2 6.5 6',
    'M15.5 5.2a3.2 3.2 0 0 1 0 5.8',
    'M18 14.5c2 .8 3.2 2.6 3.5 5.5',
  ],
  window: ['M4 4h16v12H4z', 'M2 20h20', 'M12 16v4', circle(12, 8.6, 1.9), 'M8.5 13.5c.5-1.8 1.7-2.6 3.5-2.6s3 .8 3.5 2.6'],
  camera: ['M3 7h12v10H3z', 'M15 11l6-3.5v9L15 13z'],
  camera_off: ['M3 7h12v10H3z', 'M15 11l6-3.5v9L15 13z', 'M3 3l18 18'],
  mic: ['M9.5 4.5a2.5 2.5 0 0 1 5 0v6a2.5 2.5 0 0 1-5 0z', 'M6 11a6 6 0 0 0 12 0', 'M12 17v4', 'M8.5 21h7'],
  mic_off: ['M9.5 4.5a2.5 2.5 0 0 1 5 0v6a2.5 2.5 0 0 1-5 0z', 'M6 11a6 6 0 0 0 12 0', 'M12 17v4', 'M8.5 21h7', 'M3.5 3.5l17 17'],
  louder: ['M4 9.5v5h3.5L12 19V5L7.5 9.5z', 'M15.5 9a4.2 4.2 0 0 1 0 6', 'M18 6.5a7.8 7.8 0 0 1 0 11'],
  softer: ['M4 9.5v5h3.5L12 19V5L7.5 9.5z', 'M15.5 9a4.2 4.2 0 0 1 0 6'],
  hang_up: ['M3 14.5c5-5.3 13-5.3 18 0l-2.6 2.6-3.8-1.9v-2.5a9.6 9.6 0 0 0-5.2 0v2.5l-3.8 1.9z'],
  text_size: ['M3 19 8 6l5 13', 'M4.8 14.5h6.4', 'M14.5 19l3.2-8.5 3.3 8.5', 'M15.7 16h4.2'],
  globe: [circle(12, 12, 9), 'M3 12h18', 'M12 3c3 3 4 6 4 9s-1 6-4 9c-3-3-4-6-4-9s1-6 4-9'],
  clock: [circle(12, 12, 9), 'M12 6.5V12l4 2.5'],
  coin: [circle(12, 12, 9), 'M8 7.5l4 5 4-5', 'M12 12.5v5', 'M8.5 13h7', 'M8.5 15.5h7'],
  paper: ['M6 3h8.5L19 7.5V21H6z', 'M14 3v5h5', 'M9 12.5h7', 'M9 16.5h7'],
  offline: ['M2.5 9.5a14 14 0 0 1 19 0', 'M6 13.3a9 9 0 0 1 12 0', 'M9.3 17a4.2 4.2 0 0 1 5.4 0', 'M4 3l16 18'],
  warning: ['M12 3.5 22 20.5H2z', 'M12 10v5', 'M12 17.5v.5'],
  more: [circle(5.5, 12, 1), circle(12, 12, 1), circle(18.5, 12, 1)],
  star: ['M12 3.5l2.6 5.5 6 .8-4.4 4.2 1.1 6L12 17.1 6.7 20l1.1-6-4.4-4.2 6-.8z'],
  hand: ['M8 12V5.5a1.5 1.5 0 0 1 3 0V11', 'M11 10.5V4a1.5 1.5 0 0 1 3 0v7', 'M14 11V5.5a1.5 1.5 0 0 1 3 0V14c0 4.5-2 7-5.5 7-3 0-4.6-1.5-6-4.2L4 13.3a1.6 1.6 0 0 1 2.7-1.6L8 13.5'],
  // categories, by their id
  pension: [circle(8.5, 7, 3), 'M3 20c.3-4.5 2.3-7 5.5-7 2 0 3.6 1 4.5 2.8', 'M17.5 10.5a2 2 0 0 0-4 0', 'M17.5 10.5V21'],
  medical: ['M9 3.5h6V9h5.5v6H15v5.5H9V15H3.5V9H9z'],
  identity: ['M2.5 5h19v14h-19z', circle(8, 10.5, 2.2), 'M4.7 16.2c.5-2 1.6-2.9 3.3-2.9s2.8.9 3.3 2.9', 'M14 10h5', 'M14 14h5'],
  family: [circle(7.5, 7, 2.7), circle(16.5, 7, 2.7), 'M2.5 20c.2-5 1.7-7.5 5-7.5', 'M21.5 20c-.2-5-1.7-7.5-5-7.5', circle(12, 14.5, 1.9), 'M8.5 21c.3-2.6 1.5-4 3.5-4s3.2 1.4 3.5 4'],
  relief: ['M12 20.5C6 16.5 3 13 3 9.3A4.8 4.8 0 0 1 12 7a4.8 4.8 0 0 1 9 2.3c0 3.7-3 7.2-9 11.2z'],
  care: [circle(9.5, 4.5, 1.8), 'M9.5 8v6.5h5.5l3 5', 'M9.5 10.5H14', 'M8 11.5a5 5 0 1 0 6.5 6.5'],
  land: ['M3 11.5 12 4l9 7.5', 'M5.5 10v10h13V10', 'M10 20v-6h4v6'],
  farming: ['M12 21V10', 'M12 13c-4.5 0-7-2.3-7-6.5 4.5 0 7 2.3 7 6.5z', 'M12 10c0-4 2.2-6.5 6.5-6.5C18.5 7.7 16.3 10 12 10z', 'M4 21h16'],
  jobs: ['M3 8h18v12H3z', 'M8.5 8V4.5h7V8', 'M3 13h18', 'M12 12v2.5'],
  injury: ['M4 16a8 8 0 0 1 16 0', 'M2.5 16h19v3h-19z', 'M10 8.5V5.5h4v3'],
  school: ['M2 9l10-4.5L22 9l-10 4.5z', 'M6.5 11.5v5c3 2.5 8 2.5 11 0v-5', 'M22 9v6'],
  vehicle: ['M3 17v-5l2-6h14l2 6v5z', 'M3 12h18', circle(7, 17, 2), circle(17, 17, 2)],
  business: ['M4 10v10h16V10', 'M2.5 10 5 4h14l2.5 6', 'M2.5 10a3.2 3.2 0 0 0 6.3 0 3.2 3.2 0 0 0 6.4 0 3.2 3.2 0 0 0 6.3 0', 'M9.5 20v-5h5v5'],
  tax: ['M5 3h14v18l-2.3-1.7L14.3 21 12 19.3 9.7 21l-2.4-1.7L5 21z', 'M9 7l3 4 3-4', 'M12 11v5', 'M9 11.5h6', 'M9 14h6'],
  legal: ['M12 3v18', 'M7 21h10', 'M4.5 6.5h15', 'M4.5 6.5 2 13a3 3 0 0 0 5.5 0z', 'M19.5 6.5 16.5 13a3 3 0 0 0 5.5 0z'],
  other: ['M4 4h6.5v6.5H4z', 'M13.5 4H20v6.5h-6.5z', 'M4 13.5h6.5V20H4z', circle(16.8, 16.8, 3.2)],
} satisfies Record<string, string[]>

export type IconName = keyof typeof ICONS

/** The drawing of a category; one we do not know gets a sheet of paper. */
export function categoryIcon(categoryId: string): IconName {
  return categoryId in ICONS ? (categoryId as IconName) : 'paper'
}
