import { io } from 'socket.io-client'
import type { Answer, ClientMessage, Hello, ServerEvent } from './protocol.gen'

/** One connection attempt: born connecting, dies once, never comes back to life. */
export interface Transport {
  send(message: ClientMessage, answered: (answer: Answer) => void): void
  close(): void
}

/** What a transport tells its owner. */
export interface TransportListener {
  onEvent(event: ServerEvent): void
  /** The connection was refused (`code` from the server) or never stood (`code` undefined). */
  onFailed(code?: string): void
  onClosed(): void
}

export type OpenTransport = (url: string, hello: Hello, listener: TransportListener) => Transport

/** Opens a Socket.IO connection over websocket only, with its own reconnecting switched off. */
export const openSocketIo: OpenTransport = (url, hello, listener) => {
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    path: '/socket.io/',
    auth: { ...hello },
  })
  socket.on('event', (event: ServerEvent) => listener.onEvent(event))
  socket.on('connect_error', (error: Error) => {
    // A network failure is a TransportError and carries a `type`; a refusal carries the code only.
    listener.onFailed('type' in error ? undefined : error.message)
  })
  socket.on('disconnect', () => listener.onClosed())
  return {
    send(message, answered) {
      socket.emit('command', message, answered)
    },
    close() {
      socket.off()
      socket.disconnect()
    },
  }
}
