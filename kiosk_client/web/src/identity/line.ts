import type { PageMessage, ProgramMessage } from './messages'

export interface LineEvents {
  onMessage(message: ProgramMessage): void
  /** The line is gone; not called after close(). */
  onLost(): void
}

/** The line to the kiosk program for one check of identity. */
export interface IdentityLine {
  send(message: PageMessage): void
  close(): void
}

export type OpenLine = (events: LineEvents) => IdentityLine

/** Opens the line; what is sent before it stands waits for it. */
export const openLine: OpenLine = ({ onMessage, onLost }) => {
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/identity`)
  const scope = new AbortController()
  const waiting: string[] = []
  const { signal } = scope
  socket.addEventListener('open', () => waiting.splice(0).forEach((text) => socket.send(text)), { signal })
  socket.addEventListener('message', (event) => onMessage(JSON.parse(String(event.data)) as ProgramMessage), { signal })
  socket.addEventListener('close', onLost, { signal })
  return {
    send(message) {
      const text = JSON.stringify(message)
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
      else if (socket.readyState === WebSocket.CONNECTING) waiting.push(text)
    },
    close() {
      scope.abort()
      socket.close()
    },
  }
}
