import type { Answer, ClientMessage, Hello, ServerEvent } from '../src/protocol.gen'
import type { OpenTransport, TransportListener } from '../src/transport'

interface Sent {
  message: ClientMessage
  answer: (answer: Answer) => void
}

/** One connection attempt as the server's end sees it. */
export class FakeConnection {
  readonly sent: Sent[] = []
  closed = false

  constructor(
    readonly hello: Hello,
    readonly listener: TransportListener,
  ) {}

  welcome(serverTime = 1_000): void {
    this.push({
      type: 'connection.welcomed',
      protocol: 1,
      server_version: 'test',
      server_time: serverTime,
      role: 'kiosk_page',
      subject: 'kiosk-1',
      seat_id: null,
    })
  }

  push(event: ServerEvent): void {
    this.listener.onEvent(event)
  }

  types(): string[] {
    return this.sent.map((each) => each.message.type)
  }
}

/** Stands for the network: keeps every attempt made through it. */
export class FakeNetwork {
  readonly connections: FakeConnection[] = []

  readonly open: OpenTransport = (_url, hello, listener) => {
    const connection = new FakeConnection(hello, listener)
    this.connections.push(connection)
    return {
      send: (message, answer) => connection.sent.push({ message, answer }),
      close: () => {
        connection.closed = true
      },
    }
  }

  get last(): FakeConnection {
    const connection = this.connections.at(-1)
    if (!connection) throw new Error('nobody connected')
    return connection
  }
}
