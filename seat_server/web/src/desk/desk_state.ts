import type { DeskView, LinkStatus } from '@xiaowu/wire'
import type { Person, SeatChoice } from '../session/api'
import { type ConversationState, emptyConversation } from './conversation'
import type { NoteState } from './note_saver'
import type { Toast } from './toasts'

/** Which page an agent belongs on. */
export type Place = 'starting' | 'sign_in' | 'wrong_role' | 'seats' | 'desk'

/** Everything the desk's components draw. One flat object, so that one watcher shape fits all. */
export interface DeskState extends ConversationState {
  place: Place
  person: Person | null
  /** Signed out by the server while seated: sign in again, over whatever runs. */
  sessionOver: boolean
  /** The server did not answer when the page was opened. */
  unreachable: boolean
  link: LinkStatus
  linkCode: string | null
  seats: SeatChoice[] | null
  view: DeskView | null
  /** The kind of command that is on its way, so that a button is not pressed twice. */
  pending: string | null
  noteText: string
  noteState: NoteState
  ticked: ReadonlySet<number>
  toasts: readonly Toast[]
}

export function emptyDesk(): DeskState {
  return {
    ...emptyConversation(),
    place: 'starting',
    person: null,
    sessionOver: false,
    unreachable: false,
    link: 'connecting',
    linkCode: null,
    seats: null,
    view: null,
    pending: null,
    noteText: '',
    noteState: 'saved',
    ticked: new Set(),
    toasts: [],
  }
}
