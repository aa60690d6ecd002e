import type { KioskTicket, KioskView } from '@xiaowu/wire'

export function ticket(part: Partial<KioskTicket> = {}): KioskTicket {
  return {
    id: 't1',
    number: 'A001',
    item: { code: 'id1', name: '居民身份证办理', name_en: 'Apply for an ID card' },
    language: 'zh',
    state: 'waiting',
    arrived_at: 0,
    ahead: 0,
    soon: false,
    windows_open: 1,
    returned_because: null,
    lane: 'ordinary',
    green: null,
    green_wanted: null,
    wait: null,
    before: [],
    parked_because: null,
    parked_until: null,
    may_step_away: false,
    recalls_left: 0,
    hand_overs: 0,
    ...part,
  }
}

export function view(part: Partial<KioskView> = {}): KioskView {
  return {
    seq: 1,
    server_time: 0,
    kiosk_id: 'qinghe-1',
    kiosk_name: '青河镇1号晓屋',
    location: { id: 'qinghe', name: '青河镇', name_en: 'Qinghe Town', time_zone: 'Asia/Shanghai' },
    phase: 'idle',
    ticket: null,
    seat_name: null,
    link: null,
    call: null,
    rating: null,
    last_end: null,
    last_end_at: null,
    return_code: null,
    colleague: null,
    identity: null,
    hours: { open: true, opens_at: null, last_ticket_at: null, closes_at: null },
    ...part,
  }
}
