/** Takes away what a browser offers and a kiosk must not: menus, dragging, zooming. */
export function lockDown(signal: AbortSignal): void {
  const refuse = (event: Event): void => event.preventDefault()
  for (const name of ['contextmenu', 'dragstart', 'drop', 'dragover', 'gesturestart'] as const) {
    document.addEventListener(name, refuse, { signal })
  }
  document.addEventListener(
    'wheel',
    (event) => {
      if (event.ctrlKey) event.preventDefault()
    },
    { signal, passive: false },
  )
  document.addEventListener(
    'touchmove',
    (event) => {
      if (event.touches.length > 1) event.preventDefault()
    },
    { signal, passive: false },
  )
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.ctrlKey && ['+', '-', '=', '0', 'p', 's'].includes(event.key)) event.preventDefault()
    },
    { signal },
  )
}
