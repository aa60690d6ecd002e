import type { CallView, DeskConsult, DeskIdentity, DeskTicket, DeskView } from '@xiaowu/wire'

const item = { code: 'sb001', name: '参保登记', name_en: 'Join the pension scheme' }
const location = { id: 'qinghe', name: '青河镇', name_en: 'Qinghe Town', time_zone: 'Asia/Shanghai' }

export const ticket: DeskTicket = {
  id: 't1',
  number: 'A012',
  item: { ...item, department: '', materials: ['身份证', '户口簿'], time_limit: '', fee: '', basis: '' },
  language: 'zh',
  location,
  kiosk_name: '青河镇1号晓屋',
  arrived_at: 100,
  lane: 'ordinary',
  green: null,
  recalls: 0,
  hand_overs: 0,
  handed_over_by: null,
  identity: null,
}

/** A check with everything good, not yet decided. */
export const identity: DeskIdentity = {
  state: 'graded',
  state_since: 250,
  way: 'face',
  grade: 'clear',
  marks: [
    { part: 'alive', mark: 'good' },
    { part: 'capture', mark: 'good' },
    { part: 'card', mark: 'good' },
    { part: 'face', mark: 'good' },
  ],
  evidence: {
    card: {
      source: 'chip',
      outcome: 'ok',
      number_valid: true,
      contradictions: [],
      masked_name: '测**',
      masked_number: '**************002X',
      birth_year: 1949,
      age: 76,
      expired: false,
      least_confidence: null,
    },
    face: {
      outcome: 'ok',
      band: 'match',
      similarity: 0.71,
      frames: 5,
      portrait_outcome: 'ok',
      capped: false,
      engine: 'sface',
      engine_version: '1',
      calibration: 'c1',
    },
    alive: {
      outcome: 'live',
      cues: [{ kind: 'turn_left', outcome: 'seen' }],
      unbroken: true,
      passive: 0.1,
      signs: [],
    },
    capture: { suspicion: 'none' },
  },
  age_group: 'from_14',
  guardian: null,
  ending: null,
  until: null,
  may_unmask: true,
  needs_second: false,
  decision: null,
}

export const consult: DeskConsult = {
  id: 'i1',
  state: 'ringing',
  host: false,
  seat_name: '1号云窗口',
  agent_name: '坐席01',
  reason: 'needs_specialist',
  item: { code: 'pension', name: '养老金', name_en: 'Pension' },
  department: '人社局',
  invited_at: 100,
  expires_at: 120,
  ready: false,
  link: null,
  end_reason: null,
}

export const call: CallView = {
  id: 'c1',
  state: 'connected',
  started_at: 200,
  connected_at: 201,
  peer_present: true,
  peer_away_since: null,
  away_deadline: null,
  resident_media: 'flowing',
  agent_media: 'flowing',
}

/** An idle, available desk; `over` changes what a test is about. */
export function deskView(over: Partial<DeskView> = {}): DeskView {
  return {
    seq: 1,
    server_time: 300,
    seat_id: 'seat-07',
    seat_name: '7号云窗口',
    agent_name: '坐席07',
    status: 'available',
    break_reason: null,
    state: 'idle',
    state_since: 0,
    ticket: null,
    offer: null,
    link: null,
    call: null,
    note: '',
    wrap_up: null,
    queue: { waiting: 0, oldest_arrival: null, seats_available: 1, seats_in_call: 0, first: [] },
    served_today: 0,
    shift_ends_at: null,
    colleagues: [],
    consult: null,
    return_code: null,
    ...over,
  }
}

export const views = {
  idle: deskView(),
  break: deskView({ status: 'on_break', break_reason: 'meal' }),
  ringing: deskView({
    state: 'reserved',
    ticket,
    offer: { id: 'c1', epoch: 1, offered_at: 200, expires_at: 220 },
  }),
  call: deskView({ state: 'in_call', ticket, call }),
  wrap_up: deskView({
    state: 'wrap_up',
    wrap_up: {
      call_id: 'c1',
      number: 'A012',
      item,
      until: 400,
      extensions_left: 3,
      note: 'kept',
      call_end: 'agent_hung_up',
      may_decide: true,
      identity: null,
    },
  }),
}
