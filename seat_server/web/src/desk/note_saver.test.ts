import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NoteSaver, type NoteState } from './note_saver'

interface Sent {
  callId: string
  text: string
  commit(): void
  refuse(): void
}

function start() {
  const sent: Sent[] = []
  const states: NoteState[] = []
  const lost = vi.fn()
  const saver = new NoteSaver({
    delayMs: 700,
    retryMs: 3000,
    onChange: (state) => states.push(state),
    onLost: lost,
    save: (callId, text) =>
      new Promise<void>((resolve, reject) =>
        sent.push({ callId, text, commit: resolve, refuse: () => reject(new Error('refused')) }),
      ),
  })
  return { saver, sent, states, lost }
}

describe('NoteSaver', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('saves once after a pause in typing, with the last text', async () => {
    const { saver, sent, states } = start()
    saver.follow('c1', '')
    saver.edit('材')
    await vi.advanceTimersByTimeAsync(600)
    saver.edit('材料')
    await vi.advanceTimersByTimeAsync(600)
    expect(sent).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(100)
    expect(sent.map((save) => save.text)).toEqual(['材料'])
    sent[0]?.commit()
    await vi.advanceTimersByTimeAsync(0)
    expect(states.at(-1)).toBe('saved')
  })

  it('sends what was typed while a save travelled, and only afterwards', async () => {
    const { saver, sent, states } = start()
    saver.follow('c1', '')
    saver.edit('one')
    await vi.advanceTimersByTimeAsync(700)
    saver.edit('one two')
    await vi.advanceTimersByTimeAsync(700)
    expect(sent).toHaveLength(1)
    sent[0]?.commit()
    await vi.advanceTimersByTimeAsync(700)
    expect(sent.map((save) => save.text)).toEqual(['one', 'one two'])
    expect(states.at(-1)).toBe('saving')
  })

  it('keeps the text and tries again when a save fails', async () => {
    const { saver, sent, states } = start()
    saver.follow('c1', '')
    saver.edit('kept')
    await vi.advanceTimersByTimeAsync(700)
    sent[0]?.refuse()
    await vi.advanceTimersByTimeAsync(0)
    expect(states.at(-1)).toBe('failed')
    expect(saver.value).toBe('kept')
    await vi.advanceTimersByTimeAsync(3000)
    expect(sent.map((save) => save.text)).toEqual(['kept', 'kept'])
  })

  it('does not let an older view overwrite what is being typed', () => {
    const { saver } = start()
    saver.follow('c1', 'first')
    saver.edit('first, and more')
    expect(saver.follow('c1', 'first')).toBe(false)
    expect(saver.value).toBe('first, and more')
  })

  it("takes the server's text over after a reload", () => {
    const { saver } = start()
    expect(saver.follow('c1', 'from before')).toBe(true)
    expect(saver.value).toBe('from before')
  })

  it('saves the old note to the old call when the next call begins', async () => {
    const { saver, sent } = start()
    saver.follow('c1', '')
    saver.edit('for the first')
    saver.follow('c2', '')
    await vi.advanceTimersByTimeAsync(0)
    expect(sent.map(({ callId, text }) => [callId, text])).toEqual([['c1', 'for the first']])
    expect(saver.value).toBe('')
  })

  it('saves what was typed last even while a save travels and the call changes', async () => {
    const { saver, sent, lost } = start()
    saver.follow('c1', '')
    saver.edit('one')
    await vi.advanceTimersByTimeAsync(700)
    saver.edit('one two')
    saver.follow('c2', '')
    sent[0]?.commit()
    await vi.advanceTimersByTimeAsync(0)
    expect(sent.map(({ callId, text }) => [callId, text])).toEqual([
      ['c1', 'one'],
      ['c1', 'one two'],
    ])
    sent[1]?.refuse()
    await vi.advanceTimersByTimeAsync(0)
    expect(lost).toHaveBeenCalledOnce()
  })

  it('has nothing to flush when everything is saved', async () => {
    const { saver, sent } = start()
    saver.follow('c1', 'same')
    await saver.flush()
    expect(sent).toHaveLength(0)
  })
})
